"""The log of an account's did:plc, for its owner: read, told in order, keys with their holders."""
