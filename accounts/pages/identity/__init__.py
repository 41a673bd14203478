"""Pages of an account's identity: what the DID says, whose its keys are, and moving out."""
