"""A directory's log is held against the rules once more before anybody believes it."""

from datetime import UTC, datetime, timedelta

import pytest

from protocol.did import plc, plc_log
from protocol.did.plc import LogEntry
from protocol.did.plc_log import UnsoundLog
from protocol.keys import SigningKey

OWN, HOST, SIGNING = (SigningKey.generate(curve) for curve in ("p256", "k256", "k256"))
THEN = datetime(2026, 11, 1, tzinfo=UTC)
KEYS = [OWN.did_key, HOST.did_key]
GENESIS = plc.sign(plc.genesis(KEYS, SIGNING.did_key, "a.test", "https://pds.test"), HOST)
DID = plc.did_of(GENESIS)


def told(operation: plc.Operation, hours: int, *, nullified: bool = False) -> dict:
    at = (THEN + timedelta(hours=hours)).isoformat()
    cid = plc.cid_of(operation)
    return {"did": DID, "cid": cid, "operation": operation, "nullified": nullified, "createdAt": at}


def following(prev: plc.Operation, handle: str, key: SigningKey) -> plc.Operation:
    data = plc.data_of(prev)
    return plc.sign(plc.update(data.with_handle(handle), plc.cid_of(prev)), key)


BY_HOST = following(GENESIS, "thief.test", HOST)
BY_OWNER = following(GENESIS, "owner.test", OWN)
RECOVERED = [told(GENESIS, 0), told(BY_HOST, 1, nullified=True), told(BY_OWNER, 2)]


def verify(entries: list) -> list[LogEntry]:
    log = plc_log.parse(DID, entries)
    plc_log.verify(log)
    return list(log.entries)


def test_a_log_with_a_recovery_in_it_is_sound():
    assert [entry.nullified for entry in verify(RECOVERED)] == [False, True, False]


def test_no_log_at_all_is_sound():
    assert verify([]) == []


@pytest.mark.parametrize(
    "entries",
    [
        [told(BY_HOST, 1)],  # without its beginning
        [told(GENESIS, 0), told({**BY_HOST, "alsoKnownAs": ["at://x.test"]}, 1)],  # not as signed
        [told(GENESIS, 0), told(following(GENESIS, "b.test", SIGNING), 1)],  # by no rotation key
        [told(GENESIS, 0), {**told(BY_HOST, 1), "cid": plc.cid_of(BY_OWNER)}],
        [told(GENESIS, 0), told(BY_HOST, 1), told(BY_OWNER, 2)],  # a recovery kept quiet
        [told(GENESIS, 0), told(BY_HOST, 1, nullified=True)],  # put aside by nobody
        [told(GENESIS, 0), told(BY_HOST, 1, nullified=True), told(BY_OWNER, 80)],  # too late
    ],
)
def test_what_the_keys_did_not_sign_is_not_believed(entries):
    with pytest.raises(UnsoundLog):
        verify(entries)


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {},
        {**told(GENESIS, 0), "createdAt": "yesterday"},
        {**told(GENESIS, 0), "createdAt": "2026-11-01T00:00:00"},
        {**told(GENESIS, 0), "nullified": "no"},
        {**told(GENESIS, 0), "operation": {"type": "plc_operation"}},
        {**told(GENESIS, 0), "operation": ["x"]},
    ],
)
def test_nonsense_is_unsound(entry):
    with pytest.raises(UnsoundLog):
        verify([entry])


def test_a_log_beyond_all_measure_is_not_read():
    with pytest.raises(UnsoundLog, match="more than"):
        plc_log.parse(DID, [told(GENESIS, 0)] * (plc_log.MAX_ENTRIES + 1))


@pytest.mark.parametrize("at", ["9999-12-31T23:00:00Z", "0001-01-01T00:00:00+10:00"])
def test_a_time_at_the_end_of_the_calendar_is_no_time_of_an_operation(at):
    with pytest.raises(UnsoundLog):
        verify([{**told(GENESIS, 0), "createdAt": at}])
