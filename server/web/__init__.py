"""A web process: connections, the bridge from the event loop to threads, bodies both ways."""
