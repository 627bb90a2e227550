"""Commands: arguments in, one call, text out."""
