import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import status
from accounts.models import Account
from accounts.signals import (
    account_activated,
    account_moved_in,
    account_opened,
    account_status_changed,
    handle_changed,
)
from protocol import car, cid
from protocol.event_stream.frames import EventKind
from protocol.repo import commit
from repos.commits import group_commit, writes
from repos.models import Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests.unit.repos.events.firehose import stream

EMPTY_TREE = "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"


def kinds(repo: RepoRow) -> list[EventKind]:
    return [kind for kind, _ in stream.events(repo.id)]


def test_a_new_account_says_four_things_in_order(account: Account, repo: RepoRow) -> None:
    said = stream.events(repo.id)
    assert [kind.name for kind, _ in said] == ["IDENTITY", "ACCOUNT", "COMMIT", "SYNC"]
    bodies = [body for _, body in said]
    assert bodies[0]["handle"] == account.handle
    assert bodies[1]["active"] is True
    assert "status" not in bodies[1]
    assert bodies[2]["since"] is None
    assert "prevData" not in bodies[2]
    assert bodies[2]["commit"].cid_bytes == repo.head


def test_the_first_commit_is_of_the_empty_tree_and_signed(account: Account, repo: RepoRow) -> None:
    first = stream.commits(repo.id)[0]
    stream.check_commit(first, account.signing_did_key, None)
    assert first["ops"] == []
    assert len(car.read(first["blocks"]).blocks) == 2
    signed = commit.parse(car.read(first["blocks"]).blocks[repo.head])
    assert cid.to_text(signed.data) == EMPTY_TREE


def test_a_repo_begins_here_with_its_first_commit_and_again_when_it_moves_in(
    account: Account, repo: RepoRow
) -> None:
    assert Repo.objects.get(pk=repo.id).first_rev == repo.rev
    with transaction.atomic():
        account_moved_in.send(sender=Account, account=account)
    row = Repo.objects.get(pk=repo.id)
    assert row.first_rev == row.rev > repo.rev


def test_the_sync_holds_the_commit_block_alone(repo: RepoRow) -> None:
    _, body = stream.events(repo.id)[-1]
    assert list(car.read(body["blocks"]).blocks) == [repo.head]
    assert body["rev"] == repo.rev


def test_a_takedown_stops_commits_and_says_so(account: Account, repo: RepoRow) -> None:
    status.take_down(account)
    _, body = stream.events(repo.id)[-1]
    assert (body["active"], body["status"]) == (False, "takendown")
    with pytest.raises(status.AccountTakedown):
        group_commit.apply_writes(repo, [writes.create("com.example.thing", "a", {})])


def test_a_restored_account_says_where_it_stands(account: Account, repo: RepoRow) -> None:
    status.take_down(account)
    status.restore(account)
    assert kinds(repo)[-2:] == [EventKind.ACCOUNT, EventKind.SYNC]
    _, body = stream.events(repo.id)[-2]
    assert body["active"] is True
    assert group_commit.apply_writes(repo, [writes.create("com.example.thing", "a", {})]).commit


def test_an_activated_account_says_who_it_is_before_where_it_stands(
    account: Account, repo: RepoRow
) -> None:
    with transaction.atomic():
        account_activated.send(sender=Account, account=account)
    said = stream.events(repo.id)[-3:]
    assert [kind.name for kind, _ in said] == ["ACCOUNT", "IDENTITY", "SYNC"]
    assert said[0][1]["active"] is True
    assert (said[1][1]["handle"], said[2][1]["rev"]) == (account.handle, repo.rev)


def test_an_activation_under_a_suspension_says_the_suspension_alone(
    account: Account, repo: RepoRow
) -> None:
    Account.objects.filter(pk=account.pk).update(suspended_at=timezone.now())
    account.refresh_from_db()
    with transaction.atomic():
        account_activated.send(sender=Account, account=account)
    kind, body = stream.events(repo.id)[-1]
    assert (kind, body["status"]) == (EventKind.ACCOUNT, "suspended")


def test_a_repeated_takedown_is_said_again(account: Account, repo: RepoRow) -> None:
    status.take_down(account)
    status.take_down(account)
    assert kinds(repo)[-2:] == [EventKind.ACCOUNT, EventKind.ACCOUNT]


def test_a_new_handle_is_an_identity_event(account: Account, repo: RepoRow) -> None:
    with transaction.atomic():
        account.handle = "renamed.test"
        account.save(update_fields=["handle"])
        handle_changed.send(sender=Account, account=account)
    kind, body = stream.events(repo.id)[-1]
    assert (kind, body["handle"]) == (EventKind.IDENTITY, "renamed.test")
    assert repos.named_repo(account.host, "renamed.test").id == repo.id


def test_a_handle_lost_is_an_identity_event_without_one(account: Account, repo: RepoRow) -> None:
    with transaction.atomic():
        account.handle = None
        handle_changed.send(sender=Account, account=account)
    assert "handle" not in stream.events(repo.id)[-1][1]


def test_a_rolled_back_change_is_never_said(account: Account, repo: RepoRow) -> None:
    before = kinds(repo)
    with transaction.atomic():
        status.take_down(account)
        transaction.set_rollback(True)
    assert kinds(repo) == before
    assert repos.find_repo(account.host, repo.did).is_active


def test_an_account_opens_once(account: Account) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        account_opened.send(sender=Account, account=account)


def test_a_suspended_account_has_a_suspended_repo(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(suspended_at=timezone.now())
    account.refresh_from_db()
    with transaction.atomic():
        account_status_changed.send(sender=Account, account=account)
    assert Repo.objects.get(pk=account.pk).status == "suspended"
