"""DPoP: proofs that a request comes from who holds the key its token is bound to."""
