"""Service auth: tokens by which a DID proves itself to a service, each used once."""
