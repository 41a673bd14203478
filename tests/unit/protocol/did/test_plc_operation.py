"""The shape and the sizes of one did:plc operation."""

import pytest

from protocol import cbor
from protocol.did import plc
from protocol.keys import SigningKey
from tests.unit.protocol.did.plc_logs import genesis_by

KEY = SigningKey.generate("k256")
GENESIS = genesis_by(KEY)
TOMBSTONE = plc.sign(plc.tombstone(plc.cid_of(GENESIS)), KEY)
SERVICE = {"type": "AtprotoPersonalDataServer", "endpoint": "https://pds.test"}
ED25519 = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def key():
    return SigningKey.generate("k256").did_key


@pytest.mark.parametrize("op", [GENESIS, TOMBSTONE], ids=["operation", "tombstone"])
def test_a_well_made_operation_is_given_back(op):
    assert plc.assure_valid(op) is op


@pytest.mark.parametrize("value", [None, [], "plc_operation", {}, {"type": 7}, {"type": ["x"]}])
def test_what_is_no_operation_at_all_is_refused(value):
    with pytest.raises(plc.ImproperOperation, match="Not a valid operation"):
        plc.assure_valid(value)


def test_the_legacy_form_is_refused_for_new_operations():
    legacy = {"type": "create", "signingKey": key(), "recoveryKey": key(), "handle": "a.test"}
    with pytest.raises(plc.ImproperOperation):
        plc.assure_valid({**legacy, "service": "pds.test", "prev": None, "sig": "A" * 86})


@pytest.mark.parametrize("op", [GENESIS, TOMBSTONE], ids=["operation", "tombstone"])
def test_every_field_is_needed_and_no_other_is_allowed(op):
    for name in op:
        with pytest.raises(plc.ImproperOperation):
            plc.assure_valid({field: op[field] for field in op if field != name})
    with pytest.raises(plc.ImproperOperation, match="note"):
        plc.assure_valid({**op, "note": "hello"})


@pytest.mark.parametrize("field", list(GENESIS))
@pytest.mark.parametrize("value", [7, 1.5, True, "a\0b", [None], {"a": 1}, {"a": {"type": "x"}}])
def test_a_field_of_the_wrong_kind_is_refused(field, value):
    with pytest.raises(plc.ImproperOperation):
        plc.assure_valid({**GENESIS, field: value})


def test_a_tombstone_needs_a_predecessor():
    with pytest.raises(plc.ImproperOperation):
        plc.assure_valid({**TOMBSTONE, "prev": None})


def test_a_service_has_a_type_and_an_endpoint_and_nothing_else():
    with pytest.raises(plc.ImproperOperation):
        plc.assure_valid({**GENESIS, "services": {"a": {**SERVICE, "extra": "x"}}})


@pytest.mark.parametrize("count", [1, 5, 10])
def test_one_to_ten_rotation_keys_pass(count):
    plc.assure_valid({**GENESIS, "rotationKeys": [key() for _ in range(count)]})


@pytest.mark.parametrize("keys", [[], ["did:key:zNoKey"], ["zQ3sh"], [ED25519]])
def test_rotation_keys_are_present_and_of_a_curve_that_signs(keys):
    with pytest.raises(plc.ImproperOperation, match="rotationKey"):
        plc.assure_valid({**GENESIS, "rotationKeys": keys})


def test_eleven_rotation_keys_are_too_many():
    with pytest.raises(plc.ImproperOperation, match="Too many rotationKey"):
        plc.assure_valid({**GENESIS, "rotationKeys": [key() for _ in range(11)]})


def test_a_rotation_key_stands_in_the_list_once():
    with pytest.raises(plc.ImproperOperation, match="duplicate rotationKey"):
        plc.assure_valid({**GENESIS, "rotationKeys": [KEY.did_key] * 2})


def test_a_verification_method_may_be_of_any_curve():
    plc.assure_valid({**GENESIS, "verificationMethods": {"other": ED25519}})


@pytest.mark.parametrize("method", ["zQ3sh", "did:key:", "did:key:mAbc", "did:key:z0OIl"])
def test_a_verification_method_is_a_did_key_in_base58(method):
    with pytest.raises(plc.ImproperOperation, match="Invalid verificationMethod"):
        plc.assure_valid({**GENESIS, "verificationMethods": {"atproto": method}})


@pytest.mark.parametrize(
    ("field", "entries"),
    [
        ("alsoKnownAs", [f"at://{n}.test" for n in range(11)]),
        ("services", {f"s{n}": SERVICE for n in range(11)}),
        ("verificationMethods", {f"m{n}": KEY.did_key for n in range(11)}),
    ],
)
def test_eleven_entries_of_anything_are_too_many(field, entries):
    with pytest.raises(plc.ImproperOperation, match="Too many"):
        plc.assure_valid({**GENESIS, field: entries})


@pytest.mark.parametrize(
    ("field", "entries"),
    [
        ("alsoKnownAs", ["at://" + "a" * 254]),
        ("services", {"s" * 33: SERVICE}),
        ("services", {"s": {**SERVICE, "type": "t" * 257}}),
        ("services", {"s": {**SERVICE, "endpoint": "e" * 513}}),
        ("verificationMethods", {"m" * 33: KEY.did_key}),
        ("verificationMethods", {"m": "did:key:z" + "a" * 248}),
    ],
)
def test_a_text_over_its_limit_is_refused(field, entries):
    with pytest.raises(plc.ImproperOperation, match="too long"):
        plc.assure_valid({**GENESIS, field: entries})


def test_a_name_stands_in_also_known_as_once():
    with pytest.raises(plc.ImproperOperation, match="duplicate alsoKnownAs"):
        plc.assure_valid({**GENESIS, "alsoKnownAs": ["at://a.test"] * 2})


def test_the_whole_may_have_4000_bytes():
    room = 4000 - len(cbor.encode({**GENESIS, "sig": ""}))
    plc.assure_valid({**GENESIS, "sig": "A" * (room - 2)})
    with pytest.raises(plc.ImproperOperation, match="too large"):
        plc.assure_valid({**GENESIS, "sig": "A" * (room - 1)})
