"""A tenant's repos as a backup has them: under a new commit, told to whoever reads along."""

from pathlib import Path

import pytest

from accounts.lifecycle import deletion
from accounts.models import Account, Preference
from hosting.tenancy import routing
from moderation.audit import OPERATOR
from protocol import cid
from protocol.event_stream.frames import EventKind
from provider.errors import InvalidField
from provider.tenant_archive import exporting
from provider.tenant_archive.exporting import Receiver
from provider.tenant_archive.reading import Reader
from provider.tenant_archive.restoring import Report, restore
from repos.lifecycle import account_signals
from repos.maintenance import check
from repos.models import Blob, DeniedBlob, Record, Repo
from tests.api import network
from tests.api.clients import Person, sign_up
from tests.unit.provider.test_commands import data
from tests.unit.repos.events.firehose import stream

pytestmark = pytest.mark.django_db(transaction=True)
POST, AT = "app.bsky.feed.post", "2026-01-01T00:00:00Z"
ONE, SPAM = "3jzfcijpj2z2a", "3jzfcijpj2z2b"


@pytest.fixture
def alice(ash, monkeypatch, settings, folder) -> Person:
    """Somebody who posted a picture."""
    settings.VALKEY_URL = ""
    routing.forget()
    network.stand_in(monkeypatch, [])
    person = sign_up(ash, "alice")
    picture = person.send("com.atproto.repo.uploadBlob", b"a picture", "image/png").json()["blob"]
    embed = {"$type": "app.bsky.embed.images", "images": [{"image": picture, "alt": ""}]}
    person.create(POST, {"text": "one", "createdAt": AT, "embed": embed}, rkey=ONE)
    return person


@pytest.fixture
def backup(alice, tmp_path: Path) -> Path:
    path = tmp_path / "ash.tar"
    receiver = Receiver("a passphrase of some length")
    exporting.export(alice.host.tenant, path, receiver, OPERATOR, is_backup=True)
    return path


def lose(person: Person) -> None:
    """What an app that went wrong did since."""
    place = {"repo": person.did, "collection": POST}
    person.call("com.atproto.repo.deleteRecord", **place, rkey=ONE)
    person.create(POST, {"text": "spam", "createdAt": AT}, rkey=SPAM)
    Blob.objects.all().delete()


def paths() -> list[str]:
    return [*Record.objects.filter(collection=POST).values_list("rkey", flat=True)]


def test_a_repo_is_what_it_was_under_a_new_commit(alice, backup):
    before = Repo.objects.get()
    lose(alice)
    lost = Repo.objects.get()
    tenant = alice.host.tenant
    assert restore(backup, tenant, OPERATOR) == Report(restored=[alice.did])
    now = Repo.objects.get()
    assert (paths(), bytes(now.data)) == ([ONE], bytes(before.data))
    assert now.rev > lost.rev > before.rev
    assert Blob.objects.get().state == Blob.State.LIVE
    assert check.check_repo(now.pk, lambda _: None).damages == []
    kind, body = stream.events(now.pk)[-1]
    assert (kind, body["rev"]) == (EventKind.SYNC, now.rev)


def test_it_may_be_repeated_and_a_dry_run_changes_nothing(alice, backup):
    lose(alice)
    tenant = alice.host.tenant
    assert restore(backup, tenant, OPERATOR, is_dry_run=True).restored == [alice.did]
    assert paths() == [SPAM]
    restore(backup, tenant, OPERATOR)
    head = bytes(Repo.objects.get().head)
    assert restore(backup, tenant, OPERATOR) == Report(same=1)
    assert bytes(Repo.objects.get().head) == head


def test_one_account_is_restored_alone(alice, backup):
    lose(alice)
    report = restore(backup, alice.host.tenant, OPERATOR, ["did:plc:" + "a" * 24])
    assert (report, paths()) == (Report(), [SPAM])


def test_who_is_gone_is_left_and_named(alice, backup):
    deletion.delete(Account.objects.get())
    report = restore(backup, alice.host.tenant, OPERATOR)
    assert report.left == [f"{alice.did}: it is not here any more"]


def test_another_tenants_archive_is_refused(alice, backup, birch):
    with pytest.raises(InvalidField):
        restore(backup, birch.tenant, OPERATOR)


def test_it_is_done_by_command(alice, backup):
    lose(alice)
    said = data("tenant", "restore", "ash", str(backup), "--account", alice.did)
    assert said == {"restored": [alice.did], "same": 0, "left": []}


def test_who_had_no_repo_then_is_left_and_named(alice, backup, monkeypatch):
    monkeypatch.setattr(
        Reader, "rows", lambda *_: iter([{"did": alice.did, "id": 0, "account_id": 0}])
    )
    report = restore(backup, alice.host.tenant, OPERATOR)
    assert report.left == [f"{alice.did}: The archive lacks repos/0.car."]


def test_what_was_denied_since_stays_hidden(alice, backup):
    lose(alice)
    DeniedBlob.objects.create(cid=cid.of_raw(b"a picture"))
    restore(backup, alice.host.tenant, OPERATOR)
    assert Blob.objects.get().state == Blob.State.QUARANTINED


def test_one_that_was_killed_is_gone_on_with(alice, backup, monkeypatch):
    lose(alice)
    Preference.objects.create(account=Account.objects.get(), position=0, name="app.x", value="{}")
    with monkeypatch.context() as killing:
        killing.setattr(account_signals, "announce_head", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            restore(backup, alice.host.tenant, OPERATOR)
    assert restore(backup, alice.host.tenant, OPERATOR) == Report(same=1)
    assert not Preference.objects.exists()
