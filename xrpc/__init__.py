"""XRPC: method registry, auth, errors, one module per namespace."""
