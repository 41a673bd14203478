"""Signed labels: DAG-CBOR of exactly the lexicon's fields, and the keys that sign them.

Source: atproto.com/specs/label, "Signatures". Nothing marks the bytes as a label's, so not one
field more goes into them. A key is wrapped in the database and unwrapped in a small cache.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from moderation.models import Labeler, LabelKey
from protocol import cbor
from protocol.keys import PublicKey, SigningKey
from repos.events.append import time_text
from server.encryption import keyring

VERSION: Final = 1
_KNOWN_MAX: Final = 256
_known: dict[tuple[int, str], SigningKey] = {}


@dataclass(frozen=True, slots=True)
class Statement:
    """What a label says, before it is signed."""

    src: str
    uri: str
    val: str
    labelled_at: datetime
    cid: str = ""
    expires_at: datetime | None = None
    is_negation: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """As the wire has it, without a signature. `neg` stands there only when it is true."""
        fields: dict[str, Any] = {
            "ver": VERSION,
            "src": self.src,
            "uri": self.uri,
            "val": self.val,
            "cts": time_text(self.labelled_at),
        }
        if self.cid:
            fields["cid"] = self.cid
        if self.expires_at is not None:
            fields["exp"] = time_text(self.expires_at)
        return {**fields, "neg": True} if self.is_negation else fields


def store(labeler: Labeler, key: SigningKey) -> None:
    """Keep a key for its only labeler, whose row is there."""
    wrapped = keyring.wrap(key.secret)
    LabelKey.objects.create(did_key=key.did_key, labeler=labeler, wrapped=wrapped)


def key_of(labeler_id: int, did_key: str) -> SigningKey:
    """The private half of a labeler's own key. Raises LabelKey.DoesNotExist for anybody else's."""
    key = _known.get((labeler_id, did_key))
    if key is None:
        stored = LabelKey.objects.get(pk=did_key, labeler_id=labeler_id)
        curve = PublicKey.from_did_key(did_key).curve
        key = SigningKey.load(curve, keyring.unwrap(bytes(stored.wrapped)))
        if len(_known) >= _KNOWN_MAX:
            _known.clear()
        _known[labeler_id, did_key] = key
    return key


def signed(statement: Statement, key: SigningKey) -> bytes:
    """The label as it is stored and sent."""
    return _encoded(statement.fields, key)


def signed_anew(body: bytes, key: SigningKey) -> bytes:
    """The same label under another key; `cts` and all else stay as they were."""
    fields = cbor.decode(body)
    del fields["sig"]
    return _encoded(fields, key)


def _encoded(fields: dict[str, Any], key: SigningKey) -> bytes:
    return cbor.encode({**fields, "sig": key.sign(cbor.encode(fields))})
