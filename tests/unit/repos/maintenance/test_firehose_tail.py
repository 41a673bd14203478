"""`firehose tail`: our events have no fault, changed ones do, hostile streams end in words."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from websockets.sync.server import serve

from protocol.event_stream import frames
from repos.commits import group_commit, writes
from repos.maintenance import rebuild
from repos.maintenance.independent import blocks, cars, events, streams, tail
from repos.maintenance.independent.blocks import Malformed
from repos.maintenance.independent.streams import Source, StreamFailed
from repos.maintenance.independent.tail import Seen
from repos.maintenance.independent.verification import Verifier
from repos.models import Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from server.database import connection
from tests.factories import open_account
from tests.running import free_port

pytestmark = pytest.mark.django_db(transaction=True)

THING = "com.example.thing"
INFO = frames.info("OutdatedCursor", "You were away")


@pytest.fixture(autouse=True)
def hang_up():
    yield
    long_reads.close_idle()


@pytest.fixture
def repo(ash) -> RepoRow:
    """A repo of creations, changes, deletions in one commit and in many, and a rebuild."""
    made = repos.find_repo(ash, open_account(ash).did)
    for n in range(40):
        group_commit.apply_writes(made, [writes.create(THING, f"k{n:03}", {"n": n})])
    group_commit.apply_writes(made, [writes.create(THING, f"m{n:03}", {"n": n}) for n in range(90)])
    group_commit.apply_writes(made, [writes.update(THING, f"m{n:03}", {"n": 0}) for n in range(9)])
    for n in (3, 20, 21, 39):
        group_commit.apply_writes(made, [writes.delete(THING, f"k{n:03}")])
    group_commit.apply_writes(made, [writes.delete(THING, f"m{n:03}") for n in range(50)])
    rebuild.rebuild(made.id, lambda _count: None)
    group_commit.apply_writes(made, [writes.delete(THING, f"m{n:03}") for n in range(50, 90)])
    return repos.find_repo(ash, made.did)


def frames_of(repo: RepoRow) -> list[bytes]:
    sql = "SELECT kind, body, seq_at FROM event WHERE repo_id = %s ORDER BY id"
    rows = connection.rows(sql, (repo.id,))
    return [frames.frame(kind, body, at, seq) for seq, (kind, body, at) in enumerate(rows, 1)]


def verifier_of(repo: RepoRow) -> Verifier:
    key = Repo.objects.get(pk=repo.id).signing_did_key
    return Verifier(lambda did, _is_anew: key if did == repo.did else None)


def faults(repo: RepoRow, said: list[bytes]) -> list[str]:
    return [fault for found in tail.seen(said, verifier_of(repo)) for fault in found.faults]


def changed(frame: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    header, rest = blocks.decode_first(frame)
    body = blocks.decode(rest)
    change(body)
    return blocks.encode(header) + blocks.encode(body)


def car_of(root: bytes, found: dict[bytes, bytes]) -> bytes:
    """A CAR of few small blocks."""
    header = blocks.encode({"roots": [blocks.link(root)], "version": 1})
    sections = [header, *(cid + block for cid, block in found.items())]
    return b"".join(_length(len(each)) + each for each in sections)


def _length(number: int) -> bytes:
    if number < 128:
        return bytes([number])
    return bytes([number % 128 + 128]) + _length(number // 128)


def changed_blocks(body: dict[str, Any], change: Callable[[dict[bytes, bytes]], object]) -> None:
    root, found = cars.read(body["blocks"])
    change(found)
    body["blocks"] = car_of(root, found)


def flip(found: dict[bytes, bytes]) -> None:
    cid = list(found)[-1]
    found[cid] = found[cid][:-1] + bytes([found[cid][-1] ^ 1])


def another_cid() -> Any:
    return blocks.link(blocks.cid_of(b"\xa0"))


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "says another DID": lambda body: body.update(repo="did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
    "another DID or rev": lambda body: body.update(rev="3jzfcijpj2z2a"),
    "prevData is not": lambda body: body.update(prevData=another_cid()),
    "since is not": lambda body: body.update(since="3jzfcijpj2z2a"),
    "there is no prevData": lambda body: body.pop("prevData"),
    "do not lead to prevData": lambda body: body["ops"].pop(),
    "left there": lambda body: body["ops"][0].update(path=f"{THING}/other"),
    "root is not the commit": lambda body: body.update(commit=another_cid()),
    "does not hash": lambda body: changed_blocks(body, flip),
    "not among its blocks": lambda body: changed_blocks(body, dict.clear),
    "ends in the middle": lambda body: body.update(blocks=body["blocks"][:-3]),
    "without its ops": lambda body: body.update(ops=None),
    "without its seq": lambda body: body.update(seq="1"),
    "rev that is no TID": lambda body: body.update(rev="later"),
    "with 201 ops": lambda body: body.update(ops=[body["ops"][0]] * 201),
    "not an op": lambda body: body["ops"][0].update(action="move"),
    "not a link": lambda body: body["ops"][0].update(cid="text"),
    "bytes of blocks": lambda body: body.update(blocks=bytes(2_000_001)),
}


@pytest.mark.long
def test_a_consumer_finds_no_fault_with_our_events(repo: RepoRow) -> None:
    said = frames_of(repo)
    assert len(said) > 50
    assert faults(repo, said) == []


@pytest.mark.long
@pytest.mark.parametrize("expected", CHANGES)
def test_what_was_changed_in_a_commit_is_found(repo: RepoRow, expected: str) -> None:
    said = frames_of(repo)
    at = next(n for n, frame in enumerate(said) if f"{THING}/k001".encode() in frame)
    said[at] = changed(said[at], CHANGES[expected])
    assert expected in "\n".join(faults(repo, said))


@pytest.mark.long
def test_a_foreign_key_and_no_key_are_found(repo: RepoRow, ash) -> None:
    other = open_account(ash).signing_did_key
    said = frames_of(repo)
    for key, expected in ((other, "not signed by"), (None, "could not be found")):
        (first, *_) = [
            fault
            for found in tail.seen(said, Verifier(lambda _did, _anew, key=key: key))
            for fault in found.faults
        ]
        assert expected in first


@pytest.mark.long
def test_a_new_key_is_asked_for_before_a_signature_is_called_wrong(repo: RepoRow, ash) -> None:
    old, new = open_account(ash).signing_did_key, Repo.objects.get(pk=repo.id).signing_did_key
    verifier = Verifier(lambda _did, is_anew: new if is_anew else old)
    assert not [found for found in tail.seen(frames_of(repo), verifier) if found.faults]


@pytest.mark.long
def test_events_out_of_order_and_left_out_are_found(repo: RepoRow) -> None:
    said = frames_of(repo)
    assert "seq 9 after 10" in faults(repo, [*said[:8], said[9], said[8], *said[10:]])
    left_out = faults(repo, [*said[:20], *said[21:]])
    assert "since is not the rev of the commit before" in left_out
    assert "prevData is not the tree of the commit before" in left_out


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"\xff", b"\xa0", b"\xa0\xa0", b"\xa1bop\x01\xa0", INFO + b"\x00", INFO[:-1],
        b"\x81" * 100_000, b"\x9b" + b"\xff" * 8, b"\xa2at\x01bop\x01\xa0",
        b"\xc1\x00" + INFO, INFO.replace(b"#info", b"#sync"),
    ],
)  # fmt: skip
def test_a_frame_that_is_none_is_a_finding_and_the_stream_goes_on(frame: bytes) -> None:
    first, second = tail.seen([frame, INFO], None)
    assert first.event is None
    assert first.faults
    assert second.event is not None
    assert second.faults == ()


def test_what_a_later_version_says_is_no_fault() -> None:
    frame = blocks.encode({"op": 1, "t": "#later"}) + blocks.encode({"x": 1})
    (found,) = tail.seen([frame], Verifier(lambda _did, _anew: None))
    assert found.faults == ()
    assert tail.as_text(found) == "#later"


def test_a_line_has_nothing_that_a_terminal_acts_upon() -> None:
    body = {"did": "did:plc:x", "seq": 1, "time": "now", "handle": "\x1b[2J\nx" + "y" * 900}
    frame = blocks.encode({"op": 1, "t": "#identity"}) + blocks.encode(body)
    (found,) = tail.seen([frame], None)
    line = tail.as_text(found)
    assert line.startswith("1 #identity did:plc:x \\x1b[2J\\x0ax")
    assert len(line) < 400
    assert json.loads(tail.as_json(found))["details"][0].startswith("\x1b[2J\nx")


def test_a_commit_is_one_line_and_its_faults_further_ones(repo: RepoRow) -> None:
    (event,) = [each for each in map(events.read, frames_of(repo)) if len(each.ops) == 90]
    first, fault = tail.as_text(Seen(event, ("of two\nlines",))).splitlines()
    paths = ", ".join(f"create {THING}/m{n:03}" for n in range(3))
    assert first == f"{event.seq} #commit {repo.did} {event.rev} {paths} and 87 more"
    assert fault == "  fault: of two\\x0alines"
    assert len(json.loads(tail.as_json(Seen(event, ())))["ops"]) == 90


@contextmanager
def speaking(*messages: bytes | str, **options: Any) -> Iterator[str]:
    """The URL of a host whose stream says that and ends."""
    port = free_port()

    def speak(socket: Any) -> None:
        for message in messages:
            socket.send(message)

    with serve(speak, "127.0.0.1", port, compression=None, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_stream_is_followed_until_it_ends_or_enough_was_seen(capsys) -> None:
    with speaking(INFO, INFO, INFO) as url:
        call_command("firehose", "tail", url)
        assert capsys.readouterr().out == "#info OutdatedCursor You were away\n" * 3
        call_command("firehose", "tail", url, "--count", "2", "--json", "--verify")
        lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["faults"] for line in lines] == [[], []]


def test_a_message_that_is_too_large_ends_the_stream(monkeypatch) -> None:
    monkeypatch.setattr(streams, "FRAME_MAX_BYTES", 10_000)
    with speaking(bytes(10_001)) as url, pytest.raises(CommandError, match="message too big"):
        call_command("firehose", "tail", url)


def test_an_error_of_the_stream_is_told_without_its_escapes() -> None:
    said, expected = frames.error("FutureCursor", "not \x1byet"), r"FutureCursor: not \\x1byet"
    with speaking(said) as url, pytest.raises(CommandError, match=expected):
        call_command("firehose", "tail", url)


def test_text_is_no_frame() -> None:
    with speaking("hello") as url, pytest.raises(CommandError, match="a message of text"):
        call_command("firehose", "tail", url)


def test_a_redirect_is_not_followed() -> None:
    def redirect(connection: Any, _request: Any) -> Any:
        answer = connection.respond(HTTPStatus.FOUND, "")
        answer.headers["Location"] = f"ws://127.0.0.1:{target}/"
        return answer

    reached: list[bool] = []
    with speaking(INFO, process_request=lambda *_: reached.append(True)) as there:
        target = there.rpartition(":")[2]
        with speaking(process_request=redirect) as url, pytest.raises(CommandError):
            call_command("firehose", "tail", url)
    assert reached == []


def test_faults_make_the_command_fail(repo: RepoRow, capsys) -> None:
    with speaking(b"\xff", INFO) as url, pytest.raises(CommandError, match="1 messages have"):
        call_command("firehose", "tail", url)
    assert "a frame that cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    "url",
    [
        "ftp://pds.example", "http://", "http://pds.example:x", "https://you@pds.example",
        "https://pds.example/other", "https://pds.example/?a", "http://[", "://",
    ],
)  # fmt: skip
def test_what_is_no_hosts_url_is_refused(url: str) -> None:
    with pytest.raises(StreamFailed):
        Source.at(url)


def test_a_host_that_is_not_ours_or_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="no host named"):
        call_command("firehose", "tail", "nobody.example")
    with pytest.raises(CommandError, match="no stream at"):
        call_command("firehose", "tail", f"ws://127.0.0.1:{free_port()}")


def test_a_car_that_never_ends_is_refused() -> None:
    for car in (b"", b"\x80" * 20, b"\x00", b"\x05\xa0", b"\xff\xff\xff\xff\xff\xff\xff\x7f"):
        with pytest.raises(Malformed):
            cars.read(car)
