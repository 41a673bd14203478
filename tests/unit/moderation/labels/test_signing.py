"""What is signed is the label's own fields and nothing else."""

from datetime import UTC, datetime

import cbor2
import coincurve
import pytest

from moderation.labels import signing
from moderation.labels.signing import Statement
from moderation.models import LabelKey
from protocol import cbor
from protocol.keys import ORDERS, SigningKey
from tests import factories

KEY = SigningKey.load("k256", bytes(31) + b"\7")
AT = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
WHOLE = Statement(
    "did:plc:a", "at://did:plc:b/c.d.e/f", "spam", AT, "bafyx", AT.replace(year=2027), True
)


def test_a_label_has_the_lexicons_fields_and_no_more():
    label = cbor2.loads(signing.signed(WHOLE, KEY))
    assert label.keys() == {"ver", "src", "uri", "cid", "val", "neg", "cts", "exp", "sig"}
    assert label["ver"] == 1
    assert label["neg"] is True
    assert label["cts"] == "2026-11-30T12:00:00.123Z"


def test_what_was_not_said_is_left_out():
    label = cbor2.loads(signing.signed(Statement("did:plc:a", "did:plc:b", "spam", AT), KEY))
    assert label.keys() == {"ver", "src", "uri", "val", "cts", "sig"}


def test_another_library_verifies_it():
    """By cbor2 and coincurve's own hash, without a codec of ours."""
    label = cbor2.loads(signing.signed(WHOLE, KEY))
    sig = label.pop("sig")
    signed = cbor2.dumps(label, canonical=True)
    assert int.from_bytes(sig[32:], "big") <= ORDERS["k256"] // 2
    ours = coincurve.PrivateKey(KEY.secret).public_key
    recovered = coincurve.PublicKey.from_signature_and_message
    assert any(recovered(sig + bytes([parity]), signed) == ours for parity in (0, 1))


def test_the_same_label_under_another_key_says_the_same():
    other = SigningKey.generate()
    before, after = (
        signing.signed(WHOLE, KEY),
        signing.signed_anew(signing.signed(WHOLE, KEY), other),
    )
    first, second = cbor.decode(before), cbor.decode(after)
    sig = second.pop("sig")
    first.pop("sig")
    assert first == second
    assert other.public.verify(cbor.encode(second), sig)


@pytest.mark.django_db
def test_a_key_is_its_labelers_alone(ash, birch):
    mine = factories.labeler(factories.account_row(ash))
    theirs = factories.labeler(factories.account_row(birch))
    assert signing.key_of(mine.pk, mine.signing_did_key).did_key == mine.signing_did_key
    with pytest.raises(LabelKey.DoesNotExist):
        signing.key_of(theirs.pk, mine.signing_did_key)
