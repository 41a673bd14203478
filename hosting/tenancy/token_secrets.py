"""Token secrets: what each host's tokens, nonces and codes are made with, unwrapped once a process.

Whoever uses one keeps it from being good for two things: by a token's header, or by a purpose that
goes into the MAC (accounts.oauth.opaque).
"""

from functools import lru_cache

from server.encryption import keyring


@lru_cache(maxsize=1_024)
def unwrapped(wrapped_secret: bytes) -> bytes:
    """The secret behind `token_secret` as a host's row has it. Raises keyring.KeyringError."""
    return keyring.unwrap(wrapped_secret)
