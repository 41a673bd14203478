"""The second opinion: it finds nothing in our repos, and each kind of damage in damaged ones."""

import json
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from protocol import cid, mst
from repos.commits import group_commit, writes
from repos.maintenance.independent import blocks, commits, repo_check
from repos.maintenance.independent.trees import Leaf, Walk, layer_of, put_together
from repos.models import Node, Record, Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from tests.factories import open_account

pytestmark = pytest.mark.django_db(transaction=True)

THING = "com.example.thing"
COUNT = 120


@pytest.fixture(autouse=True)
def hang_up():
    yield
    long_reads.close_idle()


@pytest.fixture
def repo(ash) -> RepoRow:
    made = repos.find_repo(ash, open_account(ash).did)
    batch = [
        writes.create(THING, f"k{n:03}", {"n": n, "t": ["x", None, True]}) for n in range(COUNT)
    ]
    group_commit.apply_writes(made, batch)
    group_commit.apply_writes(made, [writes.delete(THING, "k007")])
    return repos.find_repo(ash, made.did)


def found(repo: RepoRow) -> set[str]:
    """What kinds of damage there are."""
    return {what for what, _ in repo_check.check(repo.id, lambda _count: None).listed}


def stored_tree(repo: RepoRow) -> dict[bytes, bytes]:
    return {bytes(node.cid): bytes(node.data) for node in Node.objects.filter(repo_id=repo.id)}


def exchange_tree(repo: RepoRow, value: object) -> None:
    """Have the repo's head name another root, whose node this is."""
    block = blocks.encode(value)
    Node.objects.create(repo_id=repo.id, cid=blocks.cid_of(block), rev="2", data=block)
    Repo.objects.filter(pk=repo.id).update(data=blocks.cid_of(block))


def test_a_repo_made_by_writes_is_well(repo: RepoRow) -> None:
    report = repo_check.check(repo.id, lambda _count: None)
    assert report.damages == []
    assert report.records == COUNT - 1
    assert report.nodes == len(stored_tree(repo))


def test_an_empty_repo_is_well(ash) -> None:
    empty = repos.find_repo(ash, open_account(ash).did)
    assert repo_check.check(empty.id, lambda _count: None).damages == []


def test_a_repo_that_is_not_there_is_a_finding() -> None:
    assert repo_check.check(12345, lambda _count: None).damages == ["missing repo: 12345"]


def test_a_flipped_byte_of_a_record_is_found(repo: RepoRow) -> None:
    record = Record.objects.get(repo_id=repo.id, rkey="k003")
    flipped = bytearray(record.data)
    flipped[-1] ^= 1
    Record.objects.filter(repo_id=repo.id, rkey="k003").update(data=bytes(flipped))
    damages = repo_check.check(repo.id, lambda _count: None).damages
    assert f"wrong CID: record {THING}/k003" in damages


def test_a_flipped_byte_of_a_node_is_found(repo: RepoRow) -> None:
    node = Node.objects.filter(repo_id=repo.id).first()
    flipped = bytes(node.data)[:-1] + bytes([bytes(node.data)[-1] ^ 1])
    Node.objects.filter(repo_id=repo.id, cid=node.cid).update(data=flipped)
    assert {"wrong CID", "not in the tree"} <= found(repo)


def test_a_missing_node_and_a_surplus_one_are_found(repo: RepoRow) -> None:
    Node.objects.filter(repo_id=repo.id, cid=repo_root(repo)).delete()
    assert {"missing block", "surplus node", "not in the tree"} <= found(repo)


def repo_root(repo: RepoRow) -> bytes:
    return bytes(Repo.objects.get(pk=repo.id).data)


def test_a_missing_record_is_found(repo: RepoRow) -> None:
    Record.objects.filter(repo_id=repo.id, rkey="k003").delete()
    assert found(repo) == {"missing block", "wrong count"}


def test_a_record_that_the_tree_does_not_know_is_found(repo: RepoRow) -> None:
    record = Record.objects.get(repo_id=repo.id, rkey="k003")
    Record.objects.filter(repo_id=repo.id, rkey="k003").update(rkey="k003x")
    assert found(repo) == {"missing block", "not in the tree"}
    Record.objects.filter(repo_id=repo.id, rkey="k003x").update(rkey="k003")
    block = bytes(record.data).replace(b"\x03", b"\x04", 1)
    Record.objects.filter(repo_id=repo.id, rkey="k003").update(
        data=block, cid=cid.of_dag_cbor(block)
    )
    assert found(repo) == {"other CID in the tree"}


def test_keys_out_of_order_are_found(repo: RepoRow) -> None:
    node = blocks.decode(stored_tree(repo)[repo_root(repo)])
    node["l"], last = node["e"][-1]["t"], node["l"]
    node["e"][-1]["t"] = last
    exchange_tree(repo, node)
    assert {"wrong order", "wrong field"} <= found(repo)


def test_a_node_in_two_places_is_not_walked_twice(repo: RepoRow) -> None:
    node = blocks.decode(stored_tree(repo)[repo_root(repo)])
    node["l"] = node["e"][-1]["t"] = blocks.link(
        next(iter(stored_tree(repo).keys() - {repo_root(repo)}))
    )
    exchange_tree(repo, node)
    assert "wrong order" in found(repo)


def test_a_key_in_the_wrong_layer_is_found(repo: RepoRow) -> None:
    keys = [f"{THING}/k{n:03}".encode() for n in range(COUNT)]
    low = next(key for key in keys if layer_of(key) == 0)
    high = next(key for key in keys if layer_of(key) > 0 and key > low)
    value = blocks.link(repo_root(repo))
    entries = [
        {"k": low, "p": 0, "t": None, "v": value},
        {"k": high[len(THING) + 2 :], "p": len(THING) + 2, "t": None, "v": value},
    ]
    shared = next(at for at in range(len(low)) if low[at] != high[at])
    entries[1] |= {"k": high[shared:], "p": shared}
    exchange_tree(repo, {"e": entries, "l": None})
    assert "wrong layer" in found(repo)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda node: node["e"][0].update(p=1),
        lambda node: node["e"][0].pop("v"),
        lambda node: node.update(x=1),
        lambda node: node.update(e=None),
        lambda node: node.update(l="text"),
        lambda node: node["e"][0].update(k="text"),
    ],
)
def test_a_node_of_another_shape_is_found(repo: RepoRow, spoil: Callable[[dict], object]) -> None:
    node = blocks.decode(stored_tree(repo)[repo_root(repo)])
    spoil(node)
    exchange_tree(repo, node)
    assert "malformed" in found(repo)


def test_a_foreign_signature_is_found(repo: RepoRow, ash) -> None:
    other = open_account(ash)
    Repo.objects.filter(pk=repo.id).update(signing_did_key=other.signing_did_key)
    assert found(repo) == {"wrong signature"}


def test_a_signature_with_a_high_s_is_found(repo: RepoRow) -> None:
    row = Repo.objects.get(pk=repo.id)
    value = blocks.decode(bytes(row.commit))
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = order - int.from_bytes(value["sig"][32:])
    value["sig"] = value["sig"][:32] + high.to_bytes(32)
    block = blocks.encode(value)
    Repo.objects.filter(pk=repo.id).update(commit=block, head=blocks.cid_of(block))
    assert found(repo) == {"wrong signature"}


@pytest.mark.parametrize("block", [b"\xa0", b"", b"\xff", b"\x9b" + b"\xff" * 8, b"\x81" * 5_000])
def test_a_commit_that_is_none_is_found(repo: RepoRow, block: bytes) -> None:
    Repo.objects.filter(pk=repo.id).update(commit=block)
    assert found(repo) == {"wrong CID", "malformed"}


@pytest.mark.parametrize(
    "block",
    [
        b"\xa2ab\x01aa\x02",  # keys out of order
        b"\xa1aa\x18\x01",  # a longer form
        b"\xa1aa\xfb" + b"\x00" * 8,  # a float
        b"\xa1aa\xc1\x00",  # a date
        b"\xa1aa\xc2\x49" + b"\x01" * 9,  # a huge number
        b"\xa1aa\xd8\x2a\x41\x01",  # a link without its zero
        b"\xa1aa\xf7",  # undefined
        b"\xbfaa\x01\xff",  # without length
        b"\xa2aa\x01aa\x01",  # a key twice
        b"\xa1\x01\x01",  # a key that is no text
        b"\xa1aa\x01\x00",  # more behind it
        b"\xa1aa\x61\xff",  # not UTF-8
    ],
)
def test_what_is_not_canonical_is_refused(block: bytes) -> None:
    with pytest.raises(blocks.Malformed):
        blocks.decode(block)


def test_many_damages_are_counted_and_not_all_listed(repo: RepoRow, monkeypatch) -> None:
    monkeypatch.setattr(repo_check, "LISTED_MAX", 3)
    Record.objects.filter(repo_id=repo.id).update(data=b"\xa0")
    report = repo_check.check(repo.id, lambda _count: None)
    assert len(report.listed) == 3
    assert report.damages[-1] == f"and {COUNT - 1 - 3} more"


@pytest.mark.long
def test_trees_are_made_as_the_other_code_makes_them() -> None:
    leaves = [
        Leaf(f"{THING}/{n:05}".encode(), blocks.cid_of(bytes([n % 24]))) for n in range(2_000)
    ]
    for count in (0, 1, 2, 7, 500, 2_000):
        root, nodes = mst.build(iter(leaves[:count]))
        assert put_together(leaves[:count]) == root
        assert Walk(nodes, pytest.fail).take_apart(root) == leaves[:count]


def test_the_command_prints_an_object_a_repo(repo: RepoRow, capsys) -> None:
    call_command("repo", "check", repo.did, "--independent", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "did": repo.did, "ok": True, "records": COUNT - 1, "nodes": len(stored_tree(repo)),
        "damageCount": 0, "damages": [],
    }  # fmt: skip


def test_the_command_fails_for_damage(repo: RepoRow, capsys) -> None:
    Record.objects.filter(repo_id=repo.id, rkey="k003").delete()
    for options in ((), ("--json",)):
        with pytest.raises(CommandError, match="1 of 1 repos are damaged"):
            call_command("repo", "check", repo.did, "--independent", *options)
    sentence, *_, last = capsys.readouterr().out.splitlines()
    assert sentence.startswith(f"{repo.did}: ")
    assert {"kind": "missing block", "where": f"record {THING}/k003"} in json.loads(last)["damages"]


def test_json_is_the_second_opinions_alone(repo: RepoRow) -> None:
    with pytest.raises(CommandError, match="--json goes with --independent"):
        call_command("repo", "check", repo.did, "--json")


def test_keys_of_other_kinds_sign_nothing(repo: RepoRow) -> None:
    commit = commits.read(bytes(Repo.objects.get(pk=repo.id).commit))
    for did_key in (
        "",
        "did:key:",
        "did:key:zzz",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    ):
        assert not commits.is_signed(commit, did_key)
