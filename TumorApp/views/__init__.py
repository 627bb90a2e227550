"""Requests in, pages out: each view validates, calls one service and renders."""
