"""Server infrastructure: processes, sockets, storage, keys. It knows no tenant and no model."""
