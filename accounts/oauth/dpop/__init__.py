"""DPoP (RFC 9449): the proofs that come with a token, and the nonces that go into them."""
