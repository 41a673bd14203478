import pytest

from accounts.models import Account
from protocol.mst import NodeCache, Tree
from repos.commits import group_commit, writes
from repos.models import Repo
from repos.reads.repos import RepoRow
from repos.state import heads, nodes

THING = "com.example.thing"


def fill(repo: RepoRow, count: int) -> None:
    batch = [writes.create(THING, f"k{n:03}", {"n": n}) for n in range(count)]
    group_commit.apply_writes(repo, batch)


def test_a_node_comes_from_the_table_when_nothing_else_has_it(repo: RepoRow) -> None:
    fill(repo, 100)
    root = bytes(Repo.objects.get(pk=repo.id).data)
    assert len(dict(Tree(root, nodes.NodeSource(repo.id)).items())) == 100


def test_the_last_event_saves_the_next_append_every_look_up(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repo, 100)
    group_commit.apply_writes(repo, [writes.create(THING, "k900", {})])
    heads.REMEMBERED.clear()
    head = heads.read(repo.id)
    assert head is not None
    monkeypatch.setattr(nodes.connection, "row", lambda sql, params: pytest.fail("asked the table"))
    tree = Tree(head.data, nodes.NodeSource(repo.id, head.last_commit), NodeCache(1_000))
    tree.put(f"{THING}/k901".encode(), head.cid)
    tree.commit()


def test_a_node_of_another_repo_is_missing(repo: RepoRow, new_account) -> None:
    fill(repo, 100)
    other: Account = new_account()
    root = bytes(Repo.objects.get(pk=repo.id).data)
    with pytest.raises(KeyError):
        nodes.NodeSource(other.pk)[root]


def test_nodes_that_left_a_tree_leave_the_memory_too(repo: RepoRow) -> None:
    fill(repo, 100)
    before = bytes(Repo.objects.get(pk=repo.id).data)
    assert before in nodes.CACHE
    group_commit.apply_writes(repo, [writes.create(THING, "k900", {})])
    assert before not in nodes.CACHE
