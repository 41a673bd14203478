"""How much a repo holds."""

import pytest

from repos.commits import group_commit, writes
from repos.models import Blob
from repos.reads import repos
from repos.reads.counts import count_repo
from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRef
from tests.unit.repos.blobs.uploads import THING, put, upload


def test_a_new_repo_has_a_commit_and_a_node(repo):
    held = count_repo(repo)
    assert (held.head, held.rev) == (repo.head, repo.rev)
    assert (held.block_count, held.record_count) == (2, 0)
    assert (held.expected_blob_count, held.imported_blob_count) == (0, 0)


def test_records_and_nodes_are_blocks(repo):
    batch = [writes.create(THING, f"key{n}", {"n": n}) for n in range(50)]
    applied = group_commit.apply_writes(repo, batch)
    held = count_repo(repo)
    assert (held.head, held.rev, held.record_count) == (applied.commit, applied.rev, 50)
    assert held.node_count > 1
    assert held.block_count == held.node_count + 51


def test_a_blob_counts_once_however_often_it_is_used(repo, folder):
    picture = upload(repo, b"picture")
    put(repo, "a", picture)
    put(repo, "b", picture, upload(repo, b"another"))
    upload(repo, b"used by nobody")
    held = count_repo(repo)
    assert (held.expected_blob_count, held.imported_blob_count) == (2, 2)


def test_a_blob_that_never_came_is_expected_and_not_imported(repo, folder):
    put(repo, "a", upload(repo, b"picture"))
    Blob.objects.all().delete()  # as after an import
    held = count_repo(repo)
    assert (held.expected_blob_count, held.imported_blob_count) == (1, 0)


def test_neighbours_do_not_count(repo, new_account):
    neighbour = new_account()
    ours = count_repo(repo)
    theirs = repos.repo_ref(neighbour.host, neighbour.did)
    group_commit.apply_writes(theirs, [writes.create(THING, "a", {})])
    assert count_repo(repo) == ours


def test_what_is_not_there_has_no_counts(repo):
    with pytest.raises(RepoNotFound):
        count_repo(RepoRef(0, repo.did, repo.host_id))
