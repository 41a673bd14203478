"""Blobs come from the old host, are checked, and nothing is asked for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, AccountMigration
from hosting.models import Host, Tenant
from protocol import cid
from repos.account_transfer import overview
from repos.blobs import missing
from repos.blobs.fetching import queue, worker
from repos.models import Blob, BlobFetch, Repo, UnfetchedBlob
from server.net import http_client
from tests.unit.repos.blobs.fetching.old_host import LINKS, PICTURES, due_now


def begin(repo_id: int) -> None:
    queue.begin(repo_id)
    due_now(repo_id)


def take_turn(repo_id: int) -> BlobFetch:
    due_now(repo_id)
    worker.run(repo_id)
    return BlobFetch.objects.get(pk=repo_id)


def test_missing_blobs_come_and_are_shown(old_host, moved):
    begin(moved)
    fetch = take_turn(moved)
    assert (fetch.state, fetch.fetched_count) == ("done", 2)
    assert missing.list_missing(moved, 10) == []
    assert set(Blob.objects.values_list("state", flat=True)) == {"live"}
    assert not queue.may_have_missing(moved)


def test_pages_that_ask_again_and_again_have_the_missing_ones_counted_once(
    old_host, moved, monkeypatch
):
    counted = []
    monkeypatch.setattr(overview, "count_missing", lambda repo: counted.append(repo) or 2)
    account = Account.objects.get(pk=moved)
    queue.begin(moved)
    assert [overview.missing_count(account) for _ in range(3)] == [2, 2, 2]
    assert counted == [moved]


def test_the_owners_client_has_a_moment_to_itself(old_host, moved):
    queue.begin(moved)
    assert BlobFetch.objects.get().next_attempt_at > timezone.now()
    worker.run(moved)
    assert old_host.asked == []


def test_a_suspended_tenant_takes_no_blobs(old_host, moved):
    begin(moved)
    Tenant.objects.update(suspended_at=timezone.now())
    fetch = take_turn(moved)
    assert (fetch.state, fetch.attempts, old_host.asked) == ("waiting", 0, [])
    Tenant.objects.update(suspended_at=None)
    assert take_turn(moved).state == "done"


def test_without_an_old_host_there_is_nobody_to_ask(old_host, moved):
    AccountMigration.objects.update(moved_from="")
    queue.begin(moved)
    assert BlobFetch.objects.get().state == "stopped"
    assert queue.may_have_missing(moved)
    assert not queue.resume(moved)


def test_an_account_that_lacks_nothing_asks_for_nothing(old_host, account):
    AccountMigration.objects.create(
        account=account, moved_from="https://a.b", created_at=timezone.now()
    )
    queue.begin(account.pk)
    assert not BlobFetch.objects.exists()
    assert not queue.may_have_missing(account.pk)


def test_other_bytes_than_those_asked_for_are_not_kept(old_host, moved):
    old_host.blobs = dict.fromkeys(old_host.blobs, b"something else")
    begin(moved)
    assert take_turn(moved).fetched_count == 0
    assert not Blob.objects.exists()
    assert {row.last_error for row in UnfetchedBlob.objects.all()} == {
        "The old host returned bytes that do not match the CID"
    }


def test_one_blob_that_is_gone_does_not_hold_up_the_others(old_host, moved):
    old_host.blobs.pop(cid.to_text(LINKS[0]))
    begin(moved)
    fetch = take_turn(moved)
    assert (fetch.state, fetch.fetched_count) == ("waiting", 1)
    assert fetch.next_attempt_at > timezone.now()


def test_a_blob_that_stays_away_is_given_up(old_host, moved):
    old_host.blobs.pop(cid.to_text(LINKS[0]))
    begin(moved)
    for _ in range(queue.BLOB_ATTEMPTS):
        UnfetchedBlob.objects.update(next_attempt_at=timezone.now())
        fetch = take_turn(moved)
    assert (fetch.state, "Blob not found" in fetch.last_error) == ("stopped", True)
    asked = len(old_host.asked)
    take_turn(moved)
    assert len(old_host.asked) == asked


def test_words_that_no_column_takes_are_noted_like_others(old_host, moved):
    old_host.status, old_host.error, old_host.message = 400, "In\0valid", "no\0thing"
    begin(moved)
    assert take_turn(moved).state == "waiting"
    said = UnfetchedBlob.objects.values_list("last_error", flat=True).first()
    assert said == "The old host answered: In valid no thing"


def test_a_blob_that_was_uploaded_meanwhile_is_not_waited_for(old_host, moved):
    held_back = old_host.blobs.pop(cid.to_text(LINKS[0]))
    begin(moved)
    take_turn(moved)
    old_host.blobs[cid.to_text(LINKS[0])] = held_back
    UnfetchedBlob.objects.update(next_attempt_at=timezone.now())
    assert take_turn(moved).state == "done"
    assert not UnfetchedBlob.objects.exists()


def test_a_host_that_is_silent_is_asked_less_and_less_often(old_host, moved):
    old_host.failure = http_client.Unreachable("gone")
    begin(moved)
    pauses = []
    for _ in range(queue.HOST_ATTEMPTS - 1):
        fetch = take_turn(moved)
        pauses.append(fetch.next_attempt_at - timezone.now())
    assert pauses == sorted(pauses)
    assert pauses[-1] <= timedelta(hours=6)
    assert (fetch.state, take_turn(moved).state) == ("waiting", "stopped")


def test_one_answer_makes_a_host_as_good_as_new(old_host, moved):
    old_host.failure = http_client.Unreachable("gone")
    begin(moved)
    assert take_turn(moved).attempts == 1
    old_host.failure = None
    assert take_turn(moved).attempts == 0


def test_an_account_that_is_gone_from_there_is_asked_for_no_more(old_host, moved):
    old_host.status, old_host.error = 400, "RepoNotFound"
    begin(moved)
    assert take_turn(moved).state == "stopped"
    assert len(old_host.asked) == 1


@pytest.mark.parametrize("end", ["taken down", "removed"])
def test_an_account_that_takes_no_blobs_gets_none(old_host, moved, end):
    begin(moved)
    if end == "removed":
        Repo.objects.all().delete()
    else:
        Repo.objects.update(status="takendown")
    assert take_turn(moved).state == "stopped"
    assert old_host.asked == []


def test_a_quota_that_is_full_ten_times_stops_it_and_says_so(old_host, moved):
    Host.objects.update(blob_quota_bytes=10)
    begin(moved)
    fetch = take_turn(moved)
    assert (fetch.state, fetch.fetched_count) == ("stopped", 1)
    assert "limit is 100 blob-bytes" in fetch.last_error


def test_a_blob_beyond_the_hosts_limit_is_left_out(old_host, moved):
    Host.objects.update(blob_limit_bytes=20)
    begin(moved)
    take_turn(moved)
    assert "larger than this host allows" in UnfetchedBlob.objects.first().last_error


def test_a_push_begins_anew_what_had_stopped(old_host, moved):
    old_host.status, old_host.error = 400, "RepoNotFound"
    begin(moved)
    take_turn(moved)
    old_host.status = 200
    assert queue.resume(moved)
    worker.turns.wake(moved)
    assert BlobFetch.objects.get().state == "done"


def test_a_turn_ends_and_the_next_one_goes_on(old_host, moved, monkeypatch):
    monkeypatch.setattr(worker, "TURN_S", -1.0)
    begin(moved)
    fetch = take_turn(moved)
    assert (fetch.state, fetch.fetched_count) == ("waiting", 0)
    monkeypatch.setattr(worker, "TURN_S", 60.0)
    assert take_turn(moved).fetched_count == 2


def test_one_turn_at_a_time(old_host, moved):
    begin(moved)
    assert queue.claim(moved) is not None
    assert queue.claim(moved) is None
    worker.run(moved)
    assert old_host.asked == []


def test_a_turn_whose_worker_died_is_taken_up(old_host, moved):
    begin(moved)
    queue.claim(moved)
    assert worker.turns.due() == []
    due_now(moved)  # the lease is over
    worker.turns.sweep()
    assert BlobFetch.objects.get().state == "done"


def test_so_many_turns_run_at_a_time(old_host, moved):
    now = timezone.now()
    for number in (1, 2):
        BlobFetch.objects.create(
            repo_id=-number,
            origin="https://a.b",
            state="running",
            next_attempt_at=now + timedelta(minutes=5),
        )
    begin(moved)
    assert worker.turns.due() == []
    assert replace(worker.turns, running_max=worker.MAX_RUNNING + 1).due() == [moved]


def test_the_blobs_are_the_hosts_own_accounts(old_host, moved, birch):
    begin(moved)
    take_turn(moved)
    account = Account.objects.get(pk=moved)
    keys = Blob.objects.values_list("key", flat=True)
    assert all(f"/{account.host.tenant_id}/" in key and account.did in key for key in keys)
    assert len(keys) == len(PICTURES)
