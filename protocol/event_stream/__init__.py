"""Event streams: frames in CBOR, and the same as JSON."""
