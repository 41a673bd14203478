"""importRepo and listMissingBlobs, as a client meets them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.storage import storages

from protocol import car, cbor, cid, mst
from protocol.keys import PublicKey, SigningKey
from protocol.repo import commit
from repos.imports import receive
from repos.models import Blob, Event, ImportJob, Record, Repo
from tests.api.clients import Api, Person

IMPORT = "com.atproto.repo.importRepo"
MISSING = "com.atproto.repo.listMissingBlobs"
CAR = "application/vnd.ipld.car"
THING = "com.example.grove.thing"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    blobs = {**settings.STORAGES["blobs"], "OPTIONS": {"location": str(tmp_path / "blobs")}}
    settings.STORAGES = {**settings.STORAGES, "blobs": blobs}
    assert storages["blobs"].location == str(tmp_path / "blobs")
    yield
    assert list((tmp_path / "imports").glob("*")) == []


@pytest.fixture(autouse=True)
def unlimited(settings) -> None:
    """Budgets of imports: tests/api/test_disk_limits.py."""
    settings.RATE_LIMITS = False


def repo_car(did: str, records: dict[str, Any], leave_out: set[bytes] = frozenset()) -> bytes:
    """A repo as another host would export it, signed with a key of theirs."""
    blocks = {path: cbor.encode(value) for path, value in records.items()}
    named = {path.encode(): cid.of_dag_cbor(block) for path, block in blocks.items()}
    root, nodes = mst.build(sorted(named.items()))
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    held = {**nodes, **{cid.of_dag_cbor(block): block for block in blocks.values()}}
    kept = [(key, block) for key, block in held.items() if key not in leave_out]
    return car.write(signed.cid, [(signed.cid, signed.block), *kept])


def things(count: int) -> dict[str, Any]:
    return {f"{THING}/{n:05}": {"$type": THING, "n": n} for n in range(count)}


def with_blob(data: bytes) -> dict[str, Any]:
    ref = cbor.Link(cid.of_raw(data))
    return {"$type": "blob", "ref": ref, "mimeType": "image/png", "size": len(data)}


def held(person: Person) -> dict[str, bytes]:
    rows = Record.objects.filter(repo_id=Repo.objects.get(did=person.did).pk)
    return {f"{row.collection}/{row.rkey}": bytes(row.data) for row in rows}


def refusal(person: Person, data: bytes) -> tuple[int, str]:
    response = person.send(IMPORT, data, CAR)
    return response.status_code, response.json()["message"]


def last_events(person: Person) -> list[int]:
    return list(Event.objects.filter(did=person.did).order_by("id").values_list("kind", flat=True))


def test_the_repo_is_what_the_car_holds_under_a_commit_of_ours(alice: Person):
    alice.create(THING, {"n": -1}, rkey="before")
    assert alice.send(IMPORT, repo_car(alice.did, things(300)), CAR).status_code == 200
    assert held(alice) == {path: cbor.encode(value) for path, value in things(300).items()}
    repo = Repo.objects.get(did=alice.did)
    read = commit.parse(bytes(repo.commit))
    assert read.verify(PublicKey.from_did_key(repo.signing_did_key))
    assert (read.rev, read.did, repo.record_count) == (repo.rev, alice.did, 300)


def test_a_large_change_is_announced_as_sync_and_a_small_one_as_commit(alice: Person):
    alice.send(IMPORT, repo_car(alice.did, things(300)), CAR)
    alice.send(IMPORT, repo_car(alice.did, things(299)), CAR)
    assert last_events(alice)[-2:] == [2, 1]


def test_an_import_again_changes_nothing(alice: Person):
    export = repo_car(alice.did, things(5))
    alice.send(IMPORT, export, CAR)
    head = Repo.objects.get(did=alice.did).rev
    events = last_events(alice)
    assert alice.send(IMPORT, export, CAR).status_code == 200
    assert (Repo.objects.get(did=alice.did).rev, last_events(alice)) == (head, events)


def test_a_car_may_leave_out_what_is_here_already(alice: Person):
    alice.send(IMPORT, repo_car(alice.did, things(200)), CAR)
    before = car.read(repo_car(alice.did, things(200)))
    changed = {**things(200), f"{THING}/00100": {"$type": THING, "n": "new"}}
    partial = repo_car(alice.did, changed, leave_out=set(before.blocks))
    assert len(partial) < 4_000
    assert alice.send(IMPORT, partial, CAR).status_code == 200
    assert held(alice) == {path: cbor.encode(value) for path, value in changed.items()}


def test_the_same_bytes_under_another_key_may_be_left_out_too(alice: Person):
    alice.send(IMPORT, repo_car(alice.did, {f"{THING}/one": {"a": 1}}), CAR)
    both = {f"{THING}/one": {"a": 1}, f"{THING}/two": {"a": 1}}
    known = {cid.of_dag_cbor(cbor.encode({"a": 1}))}
    assert alice.send(IMPORT, repo_car(alice.did, both, leave_out=known), CAR).status_code == 200
    assert held(alice).keys() == both.keys()


def test_another_accounts_repo_is_refused_before_anything_is_written(alice: Person, bob: Person):
    before = held(alice)
    status, message = refusal(alice, repo_car(bob.did, things(3)))
    assert (status, message) == (400, f"The CAR contains the repo of {bob.did}, not of {alice.did}")
    assert held(alice) == before
    assert not ImportJob.objects.exists()


def test_a_record_that_cannot_be_read_is_named(alice: Person):
    blocks = {THING + "/good": cbor.encode({"n": 1}), THING + "/bad": b"\xff\xff"}
    named = {path.encode(): cid.of_dag_cbor(block) for path, block in blocks.items()}
    root, nodes = mst.build(sorted(named.items()))
    signed = commit.sign(alice.did, "3ke6kg3wk222b", root, SigningKey.generate())
    records = [(cid.of_dag_cbor(block), block) for block in blocks.values()]
    data = car.write(signed.cid, [(signed.cid, signed.block), *nodes.items(), *records])
    assert refusal(alice, data) == (400, f"Could not parse record at '{THING}/bad'")
    assert held(alice) == {}


BAD_PATHS = [
    "thing/x", "com.example.record/..", "com.example.record/.", "com.example.record/" + "x" * 600,
    "App.Bsky.feed.post/k", "COM.example.thing/k", "com.example.9/k", "-com.example.thing/k",
    "com/k", "com.example.re_cord/k",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_that_is_no_records_is_named_and_nothing_changed(alice: Person, path: str):
    before = Repo.objects.get(did=alice.did).rev, last_events(alice)
    data = repo_car(alice.did, {"com.example.record/ok": {}, path: {"n": 1}})
    assert refusal(alice, data) == (400, f"Not a record path: '{path}'")
    assert held(alice) == {}
    assert (Repo.objects.get(did=alice.did).rev, last_events(alice)) == before


@pytest.mark.parametrize("path", ["no-slash", "com.example.thing/a/b", "com.example.thing/ü"])
def test_a_key_that_no_tree_may_hold_is_named(alice: Person, path: str, monkeypatch):
    monkeypatch.setattr("protocol.mst.bulk.check_key", lambda _key: None)
    status, message = refusal(alice, repo_car(alice.did, {path: {"n": 1}}))
    assert status == 400
    assert f"not a record path: '{path}'" in message


def test_up_to_ten_bad_paths_are_named(alice: Person):
    status, message = refusal(alice, repo_car(alice.did, {f"thing/{n:02}": {} for n in range(30)}))
    assert status == 400
    assert [f"'thing/{n:02}'" in message for n in range(30)] == [True] * 10 + [False] * 20


def test_bad_paths_and_bad_records_are_named_together(alice: Person):
    absent = {cid.of_dag_cbor(cbor.encode({"a": n})) for n in range(2)}
    records = {f"{THING}/{n}": {"a": n} for n in range(3)}
    data = repo_car(alice.did, {**records, "thing/x": {}}, leave_out=absent)
    said = f"Not a record path: 'thing/x'. Could not parse record at '{THING}/0', '{THING}/1'"
    assert refusal(alice, data) == (400, said)


def test_a_record_that_is_costly_to_read_is_refused(alice: Person):
    records = {f"{THING}/good": {}, f"{THING}/bad": {"v": [{}] * 300_000}}
    assert refusal(alice, repo_car(alice.did, records)) == (
        400,
        f"Could not parse record at '{THING}/bad'",
    )
    assert held(alice) == {}


def test_a_record_that_is_nowhere_is_named(alice: Person):
    absent = {cid.of_dag_cbor(cbor.encode({"a": 1}))}
    data = repo_car(alice.did, {f"{THING}/one": {"a": 1}}, leave_out=absent)
    assert refusal(alice, data) == (400, f"Could not parse record at '{THING}/one'")


def test_a_node_that_is_nowhere_is_named(alice: Person):
    root, nodes = mst.build(
        sorted((f"{THING}/{n:05}".encode(), cid.of_dag_cbor(b"\xa0")) for n in range(50))
    )
    absent = next(each for each in nodes if each != root)
    status, message = refusal(alice, repo_car(alice.did, {key: {} for key in things(50)}, {absent}))
    assert (status, message) == (400, f"The CAR is missing block {cid.to_text(absent)}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x05", "Could not read the CAR"),
        (b"nonsense", "Could not read the CAR"),
        (car.header([]), "Expected one root in the CAR, found 0"),
        (car.header([cid.of_dag_cbor(b"\xa0")] * 2), "Expected one root in the CAR, found 2"),
        (car.header([cid.of_dag_cbor(b"\xa0")]), "The CAR does not contain its root"),
        (
            car.write(cid.of_dag_cbor(b"\xa0"), [(cid.of_dag_cbor(b"\xa0"), b"\xa0")]),
            "not a commit",
        ),
    ],
)
def test_what_is_no_repo_is_refused(alice: Person, data: bytes, message: str):
    status, said = refusal(alice, data)
    assert status == 400
    assert message in said


def test_a_car_with_a_wrong_byte_anywhere_is_refused(alice: Person):
    whole = repo_car(alice.did, things(4))
    for at in range(0, len(whole), 7):
        broken = whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :]
        assert alice.send(IMPORT, broken, CAR).status_code == 400
    assert held(alice) == {}


def test_a_server_may_take_no_imports(alice: Person, settings):
    settings.IMPORTS = False
    assert refusal(alice, repo_car(alice.did, {})) == (
        400,
        "Service is not accepting repo imports",
    )


def test_blobs_are_missing_until_they_are_uploaded(alice: Person):
    data = [PNG + bytes([n]) for n in range(3)]
    legacy = {"cid": cid.to_text(cid.of_raw(data[2])), "mimeType": "image/png"}
    records = {f"{THING}/a": {"x": [with_blob(data[0])]}, f"{THING}/b": {"x": with_blob(data[1])}}
    alice.send(IMPORT, repo_car(alice.did, {**records, f"{THING}/c": {"old": legacy}}), CAR)
    listed = alice.query(MISSING).json()["blobs"]
    expected = {cid.to_text(cid.of_raw(each)): key for each, key in zip(data, "abc", strict=True)}
    assert {each["cid"]: each["recordUri"][-1] for each in listed} == expected
    for each in data:
        assert alice.send("com.atproto.repo.uploadBlob", each, "image/png").status_code == 200
    assert alice.query(MISSING).json() == {"blobs": []}
    assert set(Blob.objects.values_list("state", flat=True)) == {"live"}


def test_missing_blobs_come_in_pages(alice: Person):
    records = {f"{THING}/{n}": {"x": with_blob(bytes([n]))} for n in range(5)}
    alice.send(IMPORT, repo_car(alice.did, records), CAR)
    seen, cursor = [], {}
    while page := alice.query(MISSING, limit=2, **cursor).json():
        seen += [each["cid"] for each in page["blobs"]]
        if "cursor" not in page:
            break
        cursor = {"cursor": page["cursor"]}
    assert seen == sorted(seen, key=cid.from_text)
    assert len(seen) == 5
    assert alice.query(MISSING, cursor="x").status_code == 400


def test_an_upload_from_before_the_import_is_shown_by_it(alice: Person):
    alice.send("com.atproto.repo.uploadBlob", PNG, "image/png")
    alice.send(IMPORT, repo_car(alice.did, {f"{THING}/a": {"x": with_blob(PNG)}}), CAR)
    assert Blob.objects.get(cid=cid.of_raw(PNG)).state == "live"
    alice.send(IMPORT, repo_car(alice.did, {}), CAR)
    assert Blob.objects.get(cid=cid.of_raw(PNG)).state == "idle"


def test_an_app_password_may_not_import(alice: Person, anyone: Api):
    assert anyone.send(IMPORT, repo_car(alice.did, {}), CAR).status_code == 401
    assert alice.send(IMPORT, repo_car(alice.did, {}), "text/plain").status_code == 400


def test_records_of_other_peoples_collections_are_kept(alice: Person):
    records = {"org.nowhere.made.up/k": {"$type": "org.nowhere.made.up", "weird": [1, None]}}
    alice.send(IMPORT, repo_car(alice.did, records), CAR)
    shown = alice.query(
        "com.atproto.repo.getRecord", repo=alice.did, collection="org.nowhere.made.up", rkey="k"
    )
    assert shown.json()["value"]["weird"] == [1, None]


def test_a_write_follows_an_import(alice: Person):
    alice.send(IMPORT, repo_car(alice.did, things(30)), CAR)
    alice.create(THING, {"n": 31}, rkey="later")
    assert len(held(alice)) == 31


def test_a_large_car_is_a_job(alice: Person, monkeypatch):
    monkeypatch.setattr(receive, "LARGE_BLOCKS", 10)
    assert alice.send(IMPORT, repo_car(alice.did, things(30)), CAR).status_code == 200
    assert (ImportJob.objects.get().state, len(held(alice))) == ("done", 30)


def test_a_job_that_is_refused_says_what_the_call_would_have_said(alice: Person, monkeypatch):
    monkeypatch.setattr(receive, "LARGE_BLOCKS", 0)
    absent = {cid.of_dag_cbor(cbor.encode({"a": 1}))}
    data = repo_car(alice.did, {f"{THING}/one": {"a": 1}}, leave_out=absent)
    assert refusal(alice, data) == (400, f"Could not parse record at '{THING}/one'")
    assert ImportJob.objects.get().state == "refused"
