"""The Django project: settings, the root of the paths, and the server."""
