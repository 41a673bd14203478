"""Firehose frames as a reader takes them, and their JSON form."""

from contextlib import suppress

from protocol import car, cbor, cid
from protocol.event_stream import frames, json_frames
from repos.maintenance.independent import events
from repos.maintenance.independent.blocks import Malformed
from repos.maintenance.independent.events import RemoteError
from repos.maintenance.independent.verification import Verifier

_NSID = "com.atproto.sync.subscribeRepos"
_DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
_NOW = "2026-11-22T12:00:00.000Z"
_RECORD = cid.of_dag_cbor(b"\xa0")
_COMMIT = frames.commit_body(
    repo=_DID,
    commit=_RECORD,
    rev="3ke6kg3wk222b",
    since=None,
    blocks=car.write(_RECORD, [(_RECORD, b"\xa0")]),
    ops=[frames.RepoOp("create", "com.example.thing/a", _RECORD)],
    prev_data=_RECORD,
    time=_NOW,
)
_ACCOUNT = frames.account_body(did=_DID, time=_NOW, active=False, status="takendown")
SEEDS = (
    frames.frame(frames.EventKind.COMMIT, _COMMIT.data, _COMMIT.seq_at, 7),
    frames.frame(frames.EventKind.ACCOUNT, _ACCOUNT.data, _ACCOUNT.seq_at, 2**40),
    frames.info("OutdatedCursor", "older"),
    frames.error("FutureCursor"),
)


def check(data: bytes) -> None:
    """Two strict maps, or a refusal; the second opinion refuses or verifies."""
    with suppress(Malformed, RemoteError):
        Verifier(lambda _did, _is_anew: None).faults_of(events.read(data))
    try:
        header, body = frames.parse(data)
    except cbor.CborError:
        return
    assert cbor.encode(header) + cbor.encode(body) == data
    with suppress(cbor.CborError):
        json_frames.from_frame(_NSID, data)
