"""Accounts that move in, as staff see them and push them on."""

from datetime import timedelta

import orjson
import pytest
from django.test import Client
from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.lifecycle.account_migration import did_polling
from accounts.models import Account, AccountMigration
from hosting.models import Host
from moderation.models import AuditEntry
from moderation.permissions import NotAllowed, ReasonNeeded
from moderation.staff import migration_support
from protocol import cid
from repos.models import BlobFetch, BlobUse, ImportJob, UnfetchedBlob
from server.net import http_client

OLD = "https://old.example"
LINK = cid.of_raw(b"a picture")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch, settings):
    def nobody(*_args, **_limits):
        raise http_client.Unreachable("there is no network here")

    settings.VALKEY_URL = ""
    monkeypatch.setattr(http_client, "request", nobody)
    monkeypatch.setattr(http_client, "request_configured", nobody)


@pytest.fixture
def migration(account: Account) -> AccountMigration:
    """Somebody at ash who moves in and lacks a picture."""
    soon = timezone.now() + timedelta(hours=1)
    Account.objects.filter(pk=account.pk).update(deactivated_at=timezone.now(), delete_after=soon)
    BlobUse.objects.create(repo_id=account.pk, collection="a.b.c", rkey="1", cid=LINK, rev="3")
    return AccountMigration.objects.create(
        account=account, moved_from=OLD, created_at=timezone.now()
    )


def progress(migration: AccountMigration) -> migration_support.Move:
    found = migration_support.find(Host.objects.all(), migration.pk)
    assert found is not None
    return migration_support.with_progress([found])[0]


def test_a_move_tells_what_is_missing(migration):
    move = progress(migration)
    assert (move.blobs.missing_count, move.record_count, move.is_over) == (1, 0, False)


def test_a_move_tells_what_went_wrong(migration):
    now = timezone.now()
    BlobFetch.objects.create(
        repo_id=migration.pk, origin=OLD, next_attempt_at=now, last_error="silence"
    )
    assert progress(migration).trouble == "silence"
    ImportJob.objects.create(
        repo_id=migration.pk,
        root=b"",
        file="",
        last_error="no tree",
        state="refused",
        decided_at=now,
    )
    assert progress(migration).trouble == "no tree"


def test_a_move_is_over_when_it_is_activated_and_complete(migration):
    BlobUse.objects.all().delete()
    migration.activated_at = timezone.now()
    migration.save()
    assert progress(migration).is_over


def test_moves_of_another_tenant_are_not_found(migration, birch):
    assert migration_support.find(Host.objects.filter(pk=birch.pk), migration.pk) is None


def test_a_push_asks_the_old_host_again_and_gives_more_time(migration, moderator):
    UnfetchedBlob.objects.create(repo_id=migration.pk, cid=LINK, last_error="no")
    migration_support.resume(moderator, migration, "asked by mail")
    account = Account.objects.get()
    assert account.delete_after > timezone.now() + timedelta(days=2)
    assert BlobFetch.objects.get().last_error  # the host was asked, and is not there
    assert not UnfetchedBlob.objects.exists()


def test_a_push_is_written_down(migration, moderator):
    migration_support.resume(moderator, migration, "asked by mail")
    done, begun = AuditEntry.objects.all()
    assert (begun.stage, done.stage) == ("begun", "done")
    for entry in (begun, done):
        assert (entry.action, entry.staff) == ("account.resume_move", moderator)
        assert entry.reason == "asked by mail"


def test_a_push_that_breaks_off_is_written_down_as_begun_and_failed(
    migration, moderator, monkeypatch
):
    def broken(_migration):
        raise RuntimeError("the worker died")

    monkeypatch.setattr(did_polling, "check", broken)
    with pytest.raises(RuntimeError):
        migration_support.resume(moderator, migration, "asked by mail")
    stages = AuditEntry.objects.values_list("stage", flat=True)
    assert list(stages) == ["failed", "begun"]


def test_a_push_keeps_the_end_of_an_account_that_has_arrived(migration, moderator):
    AccountMigration.objects.update(activated_at=timezone.now())
    before = Account.objects.get().delete_after
    migration_support.resume(moderator, migration, "asked by mail")
    assert Account.objects.get().delete_after == before


def test_a_push_needs_a_reason(migration, moderator):
    with pytest.raises(ReasonNeeded):
        migration_support.resume(moderator, migration, "  ")


@pytest.mark.parametrize("role", ["triage", "auditor"])
def test_those_who_sort_and_look_may_not_push(migration, staff_of, role):
    with pytest.raises(NotAllowed):
        migration_support.resume(staff_of(migration.account.host, role), migration, "curious")


def test_staff_of_another_tenant_may_not(migration, birch, staff_of):
    with pytest.raises(NotAllowed):
        migration_support.resume(staff_of(birch, "owner"), migration, "curious")


@pytest.fixture
def browser(moderator) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(moderator)
    return client


def test_the_console_lists_moves_and_pushes_them(migration, browser):
    page = browser.get("/console/moves/").content.decode()
    assert migration.account.did in page
    assert f"from {OLD}" in page
    assert "1 of 1 files missing" in page
    browser.post(f"/console/moves/{migration.pk}/resume/", {"reason": "asked by mail"})
    assert {entry.subject_did for entry in AuditEntry.objects.all()} == {migration.account.did}


def test_the_console_says_why_a_push_was_refused(migration, browser):
    answer = browser.post(f"/console/moves/{migration.pk}/resume/", {"reason": ""}, follow=True)
    assert "Give a reason" in answer.content.decode()


def test_another_tenants_move_cannot_be_pushed(migration, birch, staff_of):
    client = Client(HTTP_HOST="birch.localhost")
    client.force_login(staff_of(birch, "owner"))
    assert migration.account.did not in client.get("/console/moves/").content.decode()
    answer = client.post(f"/console/moves/{migration.pk}/resume/", {"reason": "curious"})
    assert answer.status_code == 404


def names_this_host(monkeypatch, migration: AccountMigration) -> None:
    """The directory's newest operation of the DID that moves in."""
    pds = {"type": "AtprotoPersonalDataServer", "endpoint": migration.account.host.origin}
    newest = {
        "type": "plc_operation",
        "rotationKeys": [],
        "verificationMethods": {"atproto": migration.account.signing_did_key},
        "alsoKnownAs": [],
        "services": {"atproto_pds": pds},
        "prev": None,
        "sig": "",
    }
    answer = http_client.Answer(200, {}, orjson.dumps(newest))
    monkeypatch.setattr(http_client, "request_configured", lambda *_, **__: answer)


def test_a_did_that_names_this_host_by_now_is_noticed(migration, monkeypatch):
    did = "did:plc:noticedaaaaaaaaaaaaaaaaa"
    key = signing_keys.new_signing_key(migration.account.host, did)
    Account.objects.update(did=did, signing_did_key=key.did_key)
    migration.account.refresh_from_db()
    names_this_host(monkeypatch, migration)
    did_polling.check_due()
    assert AccountMigration.objects.get().did_updated_at is not None


def test_silence_changes_nothing_and_is_not_asked_again_at_once(migration):
    did_polling.check_due()
    looked_at = AccountMigration.objects.get().looked_at
    did_polling.check_due()
    assert looked_at is not None
    assert AccountMigration.objects.get().looked_at == looked_at
    assert AccountMigration.objects.get().did_updated_at is None
