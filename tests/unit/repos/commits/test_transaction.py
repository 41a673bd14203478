"""`apply_commits`: chains of many repos in one call, each on the head that it was made from."""

import psycopg
import pytest
from django.db import transaction as django_transaction

from protocol import cid
from repos.blobs.blob_refs import BlobRef
from repos.commits import transaction, writes
from repos.commits.commit_chain import CommitChain
from repos.commits.writes import Action, Write
from repos.models import Record, Repo
from repos.state import heads
from server.database import connection

pytestmark = pytest.mark.django_db
THING = "com.example.thing"


def chain_at(repo_id: int, *batch: Write) -> CommitChain:
    head = heads.read(repo_id)
    assert head is not None
    chain = CommitChain(head, {})
    chain.extend(batch or [writes.create(THING, "a", {})], None)
    return chain


def test_many_repos_move_in_one_call(new_account) -> None:
    chains = [chain_at(new_account().pk) for _ in range(5)]
    assert transaction.apply(chains) == {}
    assert [heads.read(chain.start.id).rev for chain in chains] == [c.head.rev for c in chains]
    assert set(Repo.objects.values_list("record_count", flat=True)) == {1}


def test_a_chain_on_an_older_head_has_no_effect_and_the_others_have(new_account) -> None:
    late, timely = new_account().pk, new_account().pk
    stale, winner = chain_at(late), chain_at(late, writes.create(THING, "b", {}))
    transaction.apply([winner])
    assert transaction.apply([stale, chain_at(timely)]) == {late: transaction.HEAD_MOVED}
    assert set(Record.objects.values_list("repo_id", "rkey")) == {(late, "b"), (timely, "a")}


def test_a_repo_that_takes_no_commits_is_told_apart_from_one_that_is_gone(new_account) -> None:
    resting, gone = new_account().pk, new_account().pk
    chains = [chain_at(resting), chain_at(gone)]
    Repo.objects.filter(pk=resting).update(status="deactivated")
    Repo.objects.filter(pk=gone).delete()
    assert transaction.apply(chains) == {resting: "deactivated", gone: transaction.GONE}
    assert not Record.objects.exists()


def test_a_blob_that_is_not_there_undoes_the_whole_call(new_account) -> None:
    ref = BlobRef(cid.of_raw(b"never uploaded"), "text/plain", 5)
    wanted = Write(Action.CREATE, THING, "a", cid.of_dag_cbor(b"\xa0"), b"\xa0", (ref,))
    chains = [chain_at(new_account().pk), chain_at(new_account().pk, wanted)]
    with pytest.raises(psycopg.DatabaseError) as raised, django_transaction.atomic():
        transaction.apply(chains)
    assert raised.value.sqlstate == transaction.BLOB_MISSING
    assert not Record.objects.exists()


def test_events_of_a_chain_are_in_the_order_of_its_commits(new_account) -> None:
    chain = chain_at(new_account().pk)
    for n in range(6):
        chain.extend([writes.create(THING, f"k{n}", {})], None)
    transaction.apply([chain])
    found = connection.rows(
        "SELECT body FROM event WHERE repo_id = %s AND kind = 1 ORDER BY id DESC LIMIT 7",
        (chain.start.id,),
    )
    assert [row[0] for row in reversed(found)] == [made.body.data for made in chain.plans]
    last = Repo.objects.get(pk=chain.start.id).last_event_id
    assert connection.row("SELECT max(id) FROM event WHERE repo_id = %s", (chain.start.id,)) == (
        last,
    )
