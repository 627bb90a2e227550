"""Keras builders, one file a network."""
