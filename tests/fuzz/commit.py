"""Untrusted commit blocks: read or refused, and verified without a fault either way."""

from protocol import cbor, cid
from protocol.keys import SigningKey
from protocol.repo import commit

_KEYS = [SigningKey.load(curve, b"\1" * 32) for curve in ("k256", "p256")]
_ROOT = cid.of_dag_cbor(b"\xa0")
_REV = "3ke6kg3wk222b"
SEEDS = (
    *(commit.sign("did:plc:ewvi7nxzyoun6zhxrhs64oiz", _REV, _ROOT, key).block for key in _KEYS),
    commit.sign("did:web:localhost%3A2583", _REV, _ROOT, _KEYS[0]).block,
)


def check(data: bytes) -> None:
    """One that is read has fields of the right kinds, and a signature that can be checked."""
    try:
        read = commit.parse(data)
    except cbor.CborError:
        return
    assert cid.is_supported(read.data)
    verdicts = [read.verify(key.public) for key in _KEYS]
    assert set(verdicts) <= {True, False}
