"""DIDs: documents, and the operations and logs of did:plc."""
