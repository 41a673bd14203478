"""did:plc: hashes, signatures, order, recovery. Vectors: the public audit logs."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.did import plc
from protocol.keys import SigningKey
from tests.unit.protocol.did.plc_logs import HOUR, NOON, genesis_by, log_with, successor, taken

VECTORS = Path(__file__).parents[3] / "vectors" / "plc"
RECOVERY, HOST, USER = (SigningKey.generate(curve) for curve in ("k256", "k256", "p256"))
STRANGER = SigningKey.generate("k256")
GENESIS = genesis_by(RECOVERY, USER, HOST)
DID = plc.did_of(GENESIS)


def audit_logs(kind):
    return sorted((VECTORS / kind).glob("*.json"), key=lambda path: path.name)


def replay(path):
    """Take a public audit log operation by operation; the log as we would have kept it."""
    entries = json.loads(path.read_text())
    log = plc.Log(entries[0]["did"])
    for entry in entries:
        log = taken(log, entry["operation"], datetime.fromisoformat(entry["createdAt"]))
    return log, entries


# --- hashes and signatures


def test_the_hash_vector_of_a_genesis_operation():
    unsigned = plc.genesis(
        ["did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"],
        "did:key:zQ3shtxV1FrJfhqE1dvxYRcCknWNjHc3c5X1y3ZSoPDi2aur2",
        "alice.example.com",
        "https://pds.example.com",
    )
    assert plc.did_of({**unsigned, "sig": "A" * 86}) == "did:plc:tul4dgdllqp4w7xvbv6zmwme"


@pytest.mark.parametrize("path", audit_logs("valid"), ids=lambda path: path.stem)
def test_public_audit_logs_replay_to_the_same_cids_and_nullifications(path):
    log, entries = replay(path)
    assert [(e.cid, e.nullified) for e in log.entries] == [
        (e["cid"], e["nullified"]) for e in entries
    ]


@pytest.mark.parametrize("path", audit_logs("invalid"), ids=lambda path: path.stem)
def test_public_audit_logs_that_break_a_rule_are_refused(path):
    with pytest.raises(plc.PlcError):
        replay(path)


def test_genesis_strips_the_endpoints_trailing_slash():
    op = plc.genesis([HOST.did_key], USER.did_key, "alice.test", "https://pds.test/")
    assert op["services"]["atproto_pds"]["endpoint"] == "https://pds.test"


@pytest.mark.parametrize("count", [0, 6])
def test_genesis_takes_one_to_five_rotation_keys(count):
    keys = [SigningKey.generate("k256").did_key for _ in range(count)]
    with pytest.raises(plc.ImproperOperation):
        plc.genesis(keys, USER.did_key, "alice.test", "https://pds.test")


def test_genesis_refuses_a_repeated_rotation_key():
    with pytest.raises(plc.ImproperOperation):
        plc.genesis([HOST.did_key] * 2, USER.did_key, "alice.test", "https://pds.test")


@pytest.mark.parametrize("key", [HOST, USER], ids=lambda key: key.curve)
def test_a_signature_is_64_bytes_of_base64url_without_padding(key):
    op = plc.sign(plc.tombstone("bafy"), key)
    assert len(op["sig"]) == 86
    assert plc.signer_of(op, [STRANGER.did_key, key.did_key]) == key.did_key


def test_signing_again_replaces_the_signature():
    assert plc.sign(GENESIS, USER)["sig"] != GENESIS["sig"]
    assert plc.signer_of(plc.sign(GENESIS, USER), [USER.did_key]) == USER.did_key


def test_a_signature_with_spare_bits_set_is_refused():
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = alphabet[alphabet.index(GENESIS["sig"][-1]) + 1]
    with pytest.raises(plc.InvalidSignature):
        plc.signer_of({**GENESIS, "sig": GENESIS["sig"][:-1] + spare}, [HOST.did_key])


@pytest.mark.parametrize("sig", ["", "A" * 86, "A" * 85, "!" * 86, "A" * 88])
def test_what_is_no_signature_is_refused(sig):
    with pytest.raises(plc.InvalidSignature):
        plc.signer_of({**GENESIS, "sig": sig}, [HOST.did_key])


# --- the first operation


def test_a_genesis_by_any_of_its_rotation_keys_opens_its_did():
    for signer in (RECOVERY, USER, HOST):
        op = genesis_by(RECOVERY, USER, HOST, signer=signer)
        assert plc.check_next(plc.Log(plc.did_of(op)), op, NOON) == []


def test_a_genesis_for_another_did_is_refused_and_names_the_right_one():
    with pytest.raises(plc.GenesisMismatch) as refusal:
        plc.check_next(plc.Log("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"), GENESIS, NOON)
    assert refusal.value.expected == DID


def test_a_genesis_by_a_stranger_is_refused():
    op = genesis_by(HOST, signer=STRANGER)
    with pytest.raises(plc.InvalidSignature):
        plc.check_next(plc.Log(plc.did_of(op)), op, NOON)


def test_a_first_operation_with_a_predecessor_is_refused():
    op = successor(GENESIS, HOST)
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(plc.Log(plc.did_of(op)), op, NOON)


def test_a_tombstone_opens_no_did():
    op = plc.sign(plc.tombstone(plc.cid_of(GENESIS)), HOST)
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(plc.Log(DID), op, NOON)


# --- what follows


def test_any_rotation_key_of_the_last_operation_may_sign_the_next():
    for signer in (RECOVERY, USER, HOST):
        assert plc.check_next(log_with(GENESIS), successor(GENESIS, signer), NOON + HOUR) == []


def test_a_key_that_was_rotated_out_may_sign_no_more():
    data = plc.data_of(GENESIS)
    shorter = plc.PlcData((USER.did_key,), data.verification_methods, (), {})
    rotated = plc.sign(plc.update(shorter, plc.cid_of(GENESIS)), HOST)
    with pytest.raises(plc.InvalidSignature):
        plc.check_next(log_with(GENESIS, rotated), successor(rotated, HOST), NOON + HOUR)


def test_a_second_genesis_is_refused():
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(log_with(GENESIS), GENESIS, NOON + HOUR)


def test_an_unknown_predecessor_is_refused():
    elsewhere = successor(genesis_by(HOST), HOST)
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(log_with(GENESIS), elsewhere, NOON + HOUR)


def test_of_two_operations_by_one_key_on_one_predecessor_the_second_is_refused():
    log = log_with(GENESIS, successor(GENESIS, HOST))
    with pytest.raises(plc.InvalidSignature):
        plc.check_next(log, successor(GENESIS, HOST, "carol.test"), NOON + HOUR)


def test_nothing_follows_a_tombstone():
    end = plc.sign(plc.tombstone(plc.cid_of(GENESIS)), HOST)
    late = plc.sign(plc.tombstone(plc.cid_of(end)), RECOVERY)
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(log_with(GENESIS, end), late, NOON + HOUR)


# --- recovery


def test_a_higher_key_nullifies_all_that_a_lower_one_began():
    first = successor(GENESIS, HOST)
    second = successor(first, RECOVERY, "carol.test")
    log = log_with(GENESIS, first, second)
    recovery = successor(GENESIS, USER, "dave.test")
    nullified = plc.check_next(log, recovery, NOON + HOUR)
    assert nullified == [plc.cid_of(first), plc.cid_of(second)]


def test_a_higher_key_undoes_a_tombstone():
    end = plc.sign(plc.tombstone(plc.cid_of(GENESIS)), HOST)
    log = taken(log_with(GENESIS, end), successor(GENESIS, USER), NOON + HOUR)
    assert plc.data_of(log.not_nullified[-1].operation).also_known_as == ("at://bob.test",)


@pytest.mark.parametrize("signer", [USER, HOST, STRANGER])
def test_an_equal_or_lower_key_recovers_nothing(signer):
    log = log_with(GENESIS, successor(GENESIS, USER))
    with pytest.raises(plc.InvalidSignature):
        plc.check_next(log, successor(GENESIS, signer, "mallory.test"), NOON + HOUR)


def test_recovery_is_possible_for_72_hours_to_the_second():
    log = log_with(GENESIS, successor(GENESIS, HOST))
    recovery = successor(GENESIS, RECOVERY, "carol.test")
    last_moment = log.entries[1].created_at + 72 * HOUR
    assert len(plc.check_next(log, recovery, last_moment)) == 1
    with pytest.raises(plc.LateRecovery):
        plc.check_next(log, recovery, last_moment + timedelta(milliseconds=1))


def test_recovery_needs_a_clock_that_has_moved_on():
    first = successor(GENESIS, HOST)
    log = log_with(GENESIS, first, successor(first, HOST, "carol.test"))
    recovery = successor(GENESIS, RECOVERY, "dave.test")
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(log, recovery, log.entries[-1].created_at)


def test_nothing_may_follow_a_nullified_operation():
    put_aside = successor(GENESIS, HOST)
    log = taken(log_with(GENESIS, put_aside), successor(GENESIS, RECOVERY), NOON + HOUR)
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(log, successor(put_aside, RECOVERY), NOON + 2 * HOUR)


# --- reading


LEGACY = {
    "type": "create",
    "signingKey": HOST.did_key,
    "recoveryKey": RECOVERY.did_key,
    "handle": "old.test",
    "service": "pds.test",
    "prev": None,
}


def test_a_legacy_create_reads_as_todays_operation():
    data = plc.data_of(plc.sign(LEGACY, HOST))
    assert data.rotation_keys == (RECOVERY.did_key, HOST.did_key)
    assert data.verification_methods == {"atproto": HOST.did_key}
    assert data.also_known_as == ("at://old.test",)
    assert data.services["atproto_pds"].endpoint == "https://pds.test"


def test_a_legacy_create_keeps_a_scheme_that_it_has():
    op = plc.normalize({**LEGACY, "service": "http://localhost:2583", "sig": ""})
    assert op["services"]["atproto_pds"]["endpoint"] == "http://localhost:2583"


def test_a_log_may_begin_with_a_legacy_create_but_not_go_on_with_one():
    op = plc.sign(LEGACY, HOST)
    log = log_with(op, successor(op, RECOVERY))
    again = plc.sign({**LEGACY, "prev": log.entries[-1].cid}, RECOVERY)
    with pytest.raises(plc.MisorderedOperation):
        plc.check_next(log, again, NOON + HOUR)


def test_a_tombstone_says_nothing_about_its_did():
    assert plc.data_of(plc.tombstone("bafy")) is None


def test_todays_operation_is_normal_already():
    assert plc.normalize(GENESIS) is GENESIS


def test_a_new_handle_takes_the_place_of_the_first_at_name():
    data = plc.PlcData((), {}, ("https://a.test", "at://a.test", "at://b.test"), {})
    assert data.with_handle("c.test").also_known_as == (
        "https://a.test",
        "at://c.test",
        "at://b.test",
    )


def test_a_first_handle_is_put_in_front():
    data = plc.PlcData((), {}, ("https://a.test",), {})
    assert data.with_handle("c.test").also_known_as == ("at://c.test", "https://a.test")


def test_data_survives_the_way_into_an_operation_and_back():
    data = plc.data_of(GENESIS)
    assert plc.data_of(plc.update(data, prev=None)) == data


# --- properties

KEYS = [RECOVERY, USER, HOST, STRANGER]
step = st.tuples(
    st.integers(0, 30), st.sampled_from(KEYS), st.booleans(), st.sampled_from([1, 20, 80])
)


def attempt(log, number, choice):
    """Propose an operation on some entry, by some key, some hours on; the log afterwards."""
    place, signer, is_tombstone, hours = choice
    entry = log.entries[-1 - place % len(log.entries)]
    if plc.data_of(entry.operation) is None or is_tombstone:
        op = plc.sign(plc.tombstone(entry.cid), signer)
    else:
        op = successor(entry.operation, signer, f"name-{number}.test")
    try:
        return taken(log, op, log.entries[-1].created_at + hours * HOUR)
    except plc.PlcError:
        return log


@settings(max_examples=60, deadline=None)
@given(st.lists(step, min_size=1, max_size=12))
def test_random_forks_leave_exactly_one_line_of_operations_standing(steps):
    log = log_with(GENESIS)
    for number, choice in enumerate(steps):
        log = attempt(log, number, choice)
    valid = log.not_nullified
    predecessors = [None, *(entry.cid for entry in valid)]
    assert [entry.operation["prev"] for entry in valid] == predecessors[:-1]
    assert valid[-1] is log.entries[-1]
    assert len({entry.cid for entry in log.entries}) == len(log.entries)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["handle", "keys", "endpoint", "prev", "sig"]), st.integers(0, 85))
def test_a_signed_operation_that_is_changed_in_any_field_is_refused(field, place):
    op = successor(GENESIS, HOST)
    sig = op["sig"]
    changed = {
        "handle": {**op, "alsoKnownAs": ["at://mallory.test"]},
        "keys": {**op, "rotationKeys": [STRANGER.did_key]},
        "endpoint": {**op, "services": {}},
        "prev": {**op, "prev": None},
        "sig": {**op, "sig": sig[:place] + ("A" if sig[place] != "A" else "B") + sig[place + 1 :]},
    }[field]
    with pytest.raises(plc.PlcError):
        plc.check_next(log_with(GENESIS), changed, NOON + HOUR)
