"""Pages of a name under a handle domain: who has it, and the documents about the DID."""
