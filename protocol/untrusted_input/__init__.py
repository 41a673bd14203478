"""What strangers send: how much of it is read, and JSON read within that."""
