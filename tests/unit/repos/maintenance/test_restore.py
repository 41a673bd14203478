import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from hosting.models import Host
from moderation.labels import changes
from protocol import car
from protocol.event_stream.frames import EventKind
from protocol.keys import PublicKey
from protocol.repo import commit
from repos.commits import group_commit, writes
from repos.lifecycle import account_signals
from repos.maintenance import restore
from repos.models import FirehoseRestore, Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from server.database import connection
from tests import factories
from tests.unit.repos.events import numbering
from tests.unit.repos.events.firehose import stream

THING = "com.example.thing"
RESTORED = [EventKind.ACCOUNT, EventKind.IDENTITY, EventKind.SYNC]


def newest(host_id: int) -> int:
    found = connection.row("SELECT last_seq FROM event_counter WHERE host_id = %s", (host_id,))
    return int(found[0]) if found else 0


def said_since_birth(repo_id: int) -> list[EventKind]:
    return [kind for kind, _ in stream.events(repo_id)[4:]]


def test_the_numbers_jump_for_the_host_and_the_platform(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    list(restore.restore(ash, 1_000))
    assert (newest(ash.pk), newest(0)) == (1_004, 1_004)
    numbering.number()
    assert newest(ash.pk) == 1_007


def test_other_hosts_keep_their_numbers(ash: Host, birch: Host, repo: RepoRow) -> None:
    numbering.number()
    list(restore.restore(birch, 1_000))
    assert (newest(ash.pk), newest(birch.pk)) == (4, 1_000)
    assert said_since_birth(repo.id) == []


def test_the_numbers_of_labels_jump_for_the_hosts_tenant_alone(ash: Host, birch: Host) -> None:
    for host in (ash, birch):
        labeler = factories.labeler(factories.account_row(host))
        changes.put(labeler, labeler.did, "own", actor="admin", reason="test")
    numbering.number_labels()
    list(restore.restore(ash, 1_000))
    counted = connection.rows("SELECT labeler_id, last_seq FROM label_counter")
    assert dict(counted) == {0: 1_002, ash.tenant_id: 1_001, birch.tenant_id: 1}


def test_an_account_says_who_it_is_and_where_its_repo_stands(ash: Host, repo: RepoRow) -> None:
    list(restore.restore(ash))
    assert said_since_birth(repo.id) == RESTORED


def test_the_new_commit_is_later_holds_the_same_tree_and_is_signed(
    ash: Host, repo: RepoRow, account: Account
) -> None:
    before = Repo.objects.get(pk=repo.id)
    list(restore.restore(ash))
    _, said = stream.events(repo.id)[-1]
    (block,) = car.read(said["blocks"]).blocks.values()
    signed = commit.parse(block)
    assert signed.rev == said["rev"] > before.rev
    assert signed.data == bytes(before.data)
    assert signed.verify(PublicKey.from_did_key(account.signing_did_key))
    assert repos.find_repo(ash, repo.did).head in car.read(said["blocks"]).blocks


def test_writes_go_on_from_the_new_commit(ash: Host, repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "a", {})])
    list(restore.restore(ash))
    announced = Repo.objects.get(pk=repo.id).rev
    group_commit.apply_writes(repo, [writes.create(THING, "b", {})])
    assert stream.commits(repo.id)[-1]["since"] == announced


def test_an_inactive_account_has_no_sync(ash: Host, repo: RepoRow, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(deactivated_at="2026-01-01T00:00Z")
    Repo.objects.filter(pk=account.pk).update(status="deactivated")
    list(restore.restore(ash))
    (_, said), (kind, _) = stream.events(repo.id)[4:]
    assert (said["active"], said["status"], kind) == (False, "deactivated", EventKind.IDENTITY)


def test_what_was_interrupted_goes_on_where_it_stopped(
    ash: Host, new_account: Callable[[], Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [new_account() for _ in range(5)]
    monkeypatch.setattr(restore, "BATCH", 2)
    interrupted = restore.restore(ash, 1_000)
    assert next(interrupted) == 2
    interrupted.close()
    assert list(restore.restore(ash, 1_000)) == [2, 1]
    assert newest(ash.pk) == 1_000
    assert [said_since_birth(account.pk) for account in accounts] == [RESTORED] * 5
    assert FirehoseRestore.objects.filter(ended_at=None).count() == 0


def test_a_batch_that_fails_is_announced_later_whole(
    ash: Host, new_account: Callable[[], Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [new_account() for _ in range(2)]
    announce = account_signals.announce_again

    def fail_on_second(account: Account) -> None:
        if account.pk == accounts[1].pk:
            raise RuntimeError("killed")
        announce(account)

    with monkeypatch.context() as patch:
        patch.setattr(account_signals, "announce_again", fail_on_second)
        with pytest.raises(RuntimeError, match="killed"):
            list(restore.restore(ash))
    list(restore.restore(ash))
    assert [said_since_birth(account.pk) for account in accounts] == [RESTORED] * 2


def test_the_command_restores_all_hosts_or_one(ash: Host, birch: Host, repo: RepoRow) -> None:
    out = io.StringIO()
    call_command("firehose", "restore", "--step", "10", stdout=out)
    call_command("firehose", "restore", "--host", "localhost", "--step", "5", stdout=out)
    assert (newest(ash.pk), newest(birch.pk)) == (15, 10)
    assert "localhost: 1 accounts announced" in out.getvalue()


@pytest.mark.parametrize("arguments", [["--host", "nobody.example"], ["--step", "0"]])
def test_the_command_refuses_what_makes_no_sense(ash: Host, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("firehose", "restore", *arguments)
