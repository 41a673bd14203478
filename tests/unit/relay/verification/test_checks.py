"""Hostile events by themselves: each is refused by its reason, honest ones keep their bytes."""

from collections.abc import Callable
from typing import Any

import pytest

from protocol import car, cbor
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind
from protocol.keys import SigningKey
from relay.verification import checks, envelope, process
from relay.verification.checks import Checked, Rejected, check
from relay.verification.envelope import NotAnEvent
from tests.relay_authors import Author, frame

DID = "did:plc:" + "a" * 24


@pytest.fixture
def author() -> Author:
    found = Author(DID)
    for _ in range(5):
        found.write(10)
    return found


def sent(body: Body, seq: int = 3) -> bytes:
    """A body as it comes: with its number."""
    return body.data[: body.seq_at] + cbor.encode(seq) + body.data[body.seq_at :]


def changed(body: Body, **fields: Any) -> bytes:
    return cbor.encode(cbor.decode(sent(body)) | fields)


def reason(kind: EventKind, body: bytes, key: str) -> str:
    with pytest.raises(Rejected) as refusal:
        check(kind, body, key)
    return str(refusal.value.reason)


def test_an_honest_commit_goes_on_byte_for_byte(author: Author) -> None:
    body = author.write()
    found = check(EventKind.COMMIT, sent(body, 2**40), author.key.did_key)
    assert (found.body, found.seq_at) == (body.data, body.seq_at)
    assert (found.rev, found.data, found.head) == (author.rev, author.data, author.head)


def test_fields_that_nobody_knows_are_left_out(author: Author) -> None:
    body = author.write()
    found = check(EventKind.COMMIT, changed(body, extra=[1], aa=2), author.key.did_key)
    assert (found.body, found.seq_at) == (body.data, body.seq_at)


HOSTILE: dict[str, Callable[[Body], bytes]] = {
    "bad-commit": lambda body: changed(body, repo="did:plc:" + "b" * 24),
    "malformed": lambda body: changed(body, since=""),
    "too-large": lambda body: changed(body, ops=[{}] * 201),
    "bad-ops": lambda body: changed(body, prevData=cbor.Link(b"\x01\x71\x12\x20" + b"x" * 32)),
}


@pytest.mark.parametrize("expected", HOSTILE)
def test_a_commit_that_lies_is_refused(author: Author, expected: str) -> None:
    body = HOSTILE[expected](author.write())
    assert reason(EventKind.COMMIT, body, author.key.did_key) == expected


def test_another_key_is_a_wrong_signature(author: Author) -> None:
    body = sent(author.write())
    assert reason(EventKind.COMMIT, body, SigningKey.generate().did_key) == "bad-signature"


def test_a_rev_of_tomorrow_is_refused_and_one_of_the_next_minute_is_not(author: Author) -> None:
    soon = sent(author.write(ahead_us=60_000_000))
    assert check(EventKind.COMMIT, soon, author.key.did_key).rev == author.rev
    tomorrow = sent(author.write(ahead_us=86_400_000_000))
    assert reason(EventKind.COMMIT, tomorrow, author.key.did_key) == "future-rev"


def test_blocks_beyond_the_limit_are_refused_before_they_are_read(author: Author) -> None:
    body = changed(author.write(), blocks=bytes(checks.MAX_BLOCKS_BYTES + 1))
    assert reason(EventKind.COMMIT, body, author.key.did_key) == "too-large"


def test_an_op_without_its_record_is_refused(author: Author) -> None:
    body = cbor.decode(sent(author.write()))
    archive = car.read(body["blocks"])
    record = body["ops"][0]["cid"].cid_bytes
    kept = [(cid, block) for cid, block in archive.blocks.items() if cid != record]
    body["blocks"] = car.write(archive.roots[0], kept)
    assert reason(EventKind.COMMIT, cbor.encode(body), author.key.did_key) == "bad-ops"


def test_a_sync_is_a_signed_commit_and_no_more(author: Author) -> None:
    body = author.sync()
    assert check(EventKind.SYNC, sent(body), author.key.did_key).data == author.data
    assert reason(EventKind.SYNC, sent(body), SigningKey.generate().did_key) == "bad-signature"


def test_a_handle_that_the_did_does_not_claim_is_left_out(author: Author) -> None:
    claimed = author.identity("author.example")
    found = check(EventKind.IDENTITY, sent(claimed), "", keeps_handle=False)
    assert frames.Body(found.body, found.seq_at) == author.identity()


@pytest.mark.parametrize(
    "message",
    [b"", b"\xff", b"\xbf", bytes(200), b"\xa2" + b"\x81" * 300],
)
def test_noise_is_no_event(message: bytes) -> None:
    with pytest.raises(NotAnEvent):
        envelope.read(message)


def test_a_header_whose_kind_is_no_text_is_passed_over() -> None:
    assert envelope.read(cbor.encode({"op": 1, "t": []}) + cbor.encode({})) is None


def test_an_action_that_nobody_knows_is_refused(author: Author) -> None:
    author.write()
    fields = cbor.decode(sent(author.write()))
    op = fields["ops"][0] | {"action": "move", "prev": cbor.Link(author.head)}
    del fields["prevData"]  # otherwise nothing leads there
    body = cbor.encode(fields | {"ops": [op]})
    assert reason(EventKind.COMMIT, body, author.key.did_key) == "bad-ops"


def test_a_fault_of_the_checks_refuses_one_event_and_ends_nothing(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(process, "check", fail)
    refused = process.read_answer(process.answer((1, b"", author.key.did_key, True)))
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.detail) == ("malformed", "RecursionError: too deep")


def test_an_error_frame_says_its_name() -> None:
    with pytest.raises(NotAnEvent) as ended:
        envelope.read(frames.error("FutureCursor"))
    assert ended.value.error == "FutureCursor"


def test_the_envelope_is_read_without_belief(author: Author) -> None:
    message = frame(EventKind.COMMIT, author.write(), 77)
    found = envelope.read(message)
    assert found is not None
    assert (found.kind, found.seq, found.did) == (EventKind.COMMIT, 77, DID)
    assert check(found.kind, message[found.body_at :], author.key.did_key).rev == author.rev
    assert envelope.read(frames.info("OutdatedCursor")) is None


def test_a_verifier_says_what_the_checks_say(author: Author) -> None:
    body, kind = sent(author.write()), int(EventKind.COMMIT)
    good = process.answer((kind, body, author.key.did_key, True))
    bad = process.answer((kind, body, SigningKey.generate().did_key, True))
    assert process.read_answer(good) == check(EventKind.COMMIT, body, author.key.did_key)
    refused = process.read_answer(bad)
    assert not isinstance(refused, Checked)
    assert refused.reason == "bad-signature"


@pytest.mark.parametrize("item", [b"\x80", b"\xa0", b"\x81"])
def test_a_frame_of_a_million_lists_is_refused_before_it_is_decoded(
    item: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 1_000_000
    header = cbor.encode({"op": 1, "t": "#commit"})
    bomb = header + b"\xa1\x61x\x9a" + count.to_bytes(4, "big") + item * count
    decoded: list[int] = []
    decode = envelope.libipld.decode_dag_cbor

    def noted(data: bytes) -> Any:
        decoded.append(len(data))
        return decode(data)

    monkeypatch.setattr(envelope.libipld, "decode_dag_cbor", noted)
    with pytest.raises(NotAnEvent, match="more than"):
        envelope.read(bomb)
    assert max(decoded) == len(header)
