"""What the site does, free of requests."""
