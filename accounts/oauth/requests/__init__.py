"""Authorization requests: pushed by an app, opened in a browser, answered by a redirect."""
