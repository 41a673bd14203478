"""The protocol's front door: method registry, auth, errors, one module per namespace."""
