"""Legal holds: every job that deletes passes a held account by; two people end it."""

import io
from datetime import timedelta
from hashlib import sha256
from zipfile import ZipFile

import orjson
import pytest
from django.utils import timezone
from joserfc import jws

from accounts.authentication import (
    email_address,
    security_changes,
    sessions,
    sign_in_alerts,
    web_sessions,
)
from accounts.authentication.sign_in_alerts import Client, Way
from accounts.identity import handle_changes
from accounts.lifecycle import deletion
from accounts.models import Account, SecurityChange, Session, SignIn, WebSession
from accounts.oauth.own_client import documents
from accounts.status import AccountFrozen
from hosting.mail import delivery, emails, outbox
from hosting.mail.models import OutgoingMail
from moderation import audit
from moderation.enforcement import takedowns
from moderation.enforcement.legal import evidence_exports, holds
from moderation.models import EvidenceExport, HeldFile, LegalHold
from moderation.permissions import NotAllowed
from protocol.event_stream.frames import EventKind
from repos.account_transfer.archives import requests as archives
from repos.blobs import files, garbage_collection
from repos.imports import car_file, importing
from repos.lifecycle import deletion as repo_deletion
from repos.models import AccountArchive, Blob, Record, RepoDeletion
from repos.reads import repos
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import delete, put, upload
from tests.unit.repos.events.firehose import stream
from tests.unit.repos.imports.test_jobs import repo_car

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timezone.now() - timedelta(days=4_000)


def deletes_old_sessions(account):
    sessions.begin(account)
    web_sessions.begin(account)
    Session.objects.update(expires_at=LONG_AGO)
    WebSession.objects.update(last_seen_at=LONG_AGO)
    return lambda: (sessions.forget_expired(), web_sessions.forget_expired()), (Session, WebSession)


def deletes_old_sign_ins(account):
    sign_in_alerts.record(account, Client("192.0.2.1"), Way.PASSWORD, is_success=True)
    SignIn.objects.update(at=LONG_AGO)
    return sign_in_alerts.forget_old, (SignIn,)


def deletes_old_changes(account):
    security_changes.note(account, security_changes.SIGNED_OUT)
    SecurityChange.objects.update(at=LONG_AGO)
    return security_changes.forget_old, (SecurityChange,)


def deletes_old_mail(account):
    words = {"handle": "x", "code": "y"}
    outbox.post(account.host, account.email, emails.CONFIRM_EMAIL, words)
    OutgoingMail.objects.update(created_at=LONG_AGO)
    return delivery.forget_old, (OutgoingMail,)


def deletes_unused_blobs(_account):
    return lambda: garbage_collection.remove_unused_blobs(timedelta(0)), (Blob,)


def deletes_old_archives(account):
    archives.ask(account, "en")
    if LegalHold.objects.filter(repo_id=account.pk).exists():
        assert AccountArchive.objects.get().expires_at > timezone.now() + timedelta(days=9_000)
    else:
        AccountArchive.objects.update(expires_at=LONG_AGO)
    return lambda: (archives.sweep(), files.purge(timezone.now() + timedelta(days=60))), (
        AccountArchive,
    )


def deletes_whole_accounts(account):
    Account.objects.update(delete_after=LONG_AGO, deactivated_at=LONG_AGO)

    def run():
        deletion.delete_due()
        repo_deletion.queue.sweep()
        repo_deletion.clear(account.pk)
        assert not Account.objects.filter(pk=account.pk).exists()

    return run, (Record, Blob)


JOBS = [
    deletes_old_sessions,
    deletes_old_sign_ins,
    deletes_old_changes,
    deletes_old_mail,
    deletes_unused_blobs,
    deletes_old_archives,
    deletes_whole_accounts,
]


@pytest.fixture(autouse=True)
def _no_worker(settings, monkeypatch):
    settings.VALKEY_URL = ""
    monkeypatch.setattr(evidence_exports.queue, "wake", lambda _: None)


@pytest.fixture
def second(ash, staff_of):
    return staff_of(ash, "owner")


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "free"])
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.__name__)
def test_a_hold_wins_over_every_job_that_deletes(moderator, account, job, is_held):
    repo = repos.find_repo(account.host, account.did)
    put(repo, "k")
    upload(repo, b"a picture")
    if is_held:
        holds.place(moderator, account, "court order 7")
        account.refresh_from_db()
    run, tables = job(account)
    run()
    assert [table.objects.exists() for table in tables] == [is_held] * len(tables)


def test_others_see_a_held_account_deleted(moderator, account):
    holds.place(moderator, account, "court order 7")
    deletion.delete(Account.objects.get(pk=account.pk))
    kind, body = stream.events(account.pk)[-1]
    assert (kind, body["status"]) == (EventKind.ACCOUNT, "deleted")
    assert HeldFile.objects.filter(name="account.json").exists()
    assert LegalHold.objects.get().deleted_at is not None


def test_all_rows_of_an_account_that_goes_are_kept(moderator, account, monkeypatch):
    monkeypatch.setattr(holds, "ROWS_MAX", 2)
    for _ in range(5):
        sign_in_alerts.record(account, Client("192.0.2.1"), Way.PASSWORD, is_success=True)
    holds.place(moderator, account, "court order 7")
    deletion.delete(Account.objects.get(pk=account.pk))
    kept = HeldFile.objects.filter(name__endswith="sign-ins.json")
    assert sum(len(orjson.loads(bytes(each.data))) for each in kept) == 5


def test_nobody_pushes_older_rows_out_of_a_held_account(moderator, account, monkeypatch):
    for module in (security_changes, sign_in_alerts):
        monkeypatch.setattr(module, "KEPT_MAX", 2)
    holds.place(moderator, account, "court order 7")
    account.refresh_from_db()
    for _ in range(4):
        security_changes.note(account, security_changes.SIGNED_OUT)
        sign_in_alerts.record(account, Client("192.0.2.1"), Way.PASSWORD, is_success=True)
    assert (SecurityChange.objects.count(), SignIn.objects.count()) == (4, 4)


def changes_a_record(account):
    put(repos.find_repo(account.host, account.did), "k")


def deletes_a_record(account):
    delete(repos.find_repo(account.host, account.did), "k")


def brings_another_repo(account):
    with car_file.receive([repo_car(account.did, 3)]) as received:
        importing.import_repo(account.pk, received, lambda _: None)


def changes_the_handle(account):
    handle_changes.check(account, "another.localhost")


def changes_the_address(account):
    email_address.change(account, email_address.Change("another@example.com"))


def uploads_a_file(account):
    upload(repos.find_repo(account.host, account.did), b"the same picture as another type")


def takes_back_the_address_of_before(account):
    Account.objects.filter(pk=account.pk).update(email_confirmed_at=timezone.now())
    account.refresh_from_db()
    undo = {"email": "before@example.com"}
    security_changes.note(account, email_address.EMAIL_CHANGED, undo=undo)
    link = OutgoingMail.objects.filter(kind="change_email_changed").latest("pk")
    security_changes.take_back(account.host, link.text.split("/account/undo/")[1].split()[0])


@pytest.mark.parametrize(
    "change",
    [
        changes_a_record,
        deletes_a_record,
        brings_another_repo,
        changes_the_handle,
        changes_the_address,
        uploads_a_file,
        takes_back_the_address_of_before,
    ],
)
def test_nothing_of_a_held_account_changes_and_its_owner_signs_in(moderator, account, change):
    put(repos.find_repo(account.host, account.did), "k")
    holds.place(moderator, account, "court order 7")
    held = Account.objects.select_related("host").get(pk=account.pk)
    with pytest.raises(AccountFrozen):
        change(held)
    assert sessions.begin(held).access_jwt
    assert held.status == "active"


def test_two_people_release_a_hold_and_deletion_goes_on(moderator, second, account):
    hold = holds.place(moderator, account, "court order 7")
    run, _tables = deletes_whole_accounts(account)
    run()
    with pytest.raises(holds.NotHeld):
        holds.release(second, hold, "over")
    holds.ask_release(moderator, hold, "order lifted")
    with pytest.raises(holds.SomebodyElseReleases):
        holds.release(moderator, hold, "over")
    holds.release(second, hold, "over")
    assert not Record.objects.exists()
    assert not Blob.objects.exists()
    assert not RepoDeletion.objects.exists()
    assert not HeldFile.objects.exists()


def test_a_released_account_that_is_there_goes_on_as_before(moderator, second, account):
    hold = holds.place(moderator, account, "court order 7")
    holds.ask_release(moderator, hold, "order lifted")
    holds.release(second, hold, "over")
    assert Account.objects.get(pk=account.pk).held_at is None
    changes_a_record(account)
    holds.place(moderator, account, "another order")


def test_one_hold_at_a_time_and_never_by_another_tenant(moderator, account, birch, staff_of):
    hold = holds.place(moderator, account, "court order 7")
    with pytest.raises(holds.AlreadyHeld):
        holds.place(moderator, account, "court order 8")
    stranger = staff_of(birch, "owner")
    for verb in (holds.ask_release, holds.release, evidence_exports.ask_of_hold):
        with pytest.raises(NotAllowed):
            verb(stranger, hold, "envy")


def exported(export: EvidenceExport, actor) -> ZipFile:
    evidence_exports.run(export.pk)
    export.refresh_from_db()
    with evidence_exports.open_file(actor, export) as file:
        return ZipFile(io.BytesIO(file.read()))


def test_evidence_is_signed_and_has_what_was_taken_down(second, account, moderator):

    repo = repos.find_repo(account.host, account.did)
    ref = upload(repo, b"a picture")
    put(repo, "k", ref)
    takedowns.take_down_blob(moderator, account, ref.cid, "no")
    archive = exported(evidence_exports.ask(second, account, "police"), second)
    key = documents.key_of(account.host)
    signed = jws.deserialize_compact(archive.read("manifest.jws"), key, algorithms=["ES256"])
    listed = orjson.loads(signed.payload)["files"]
    assert {name: sha256(archive.read(name)).hexdigest() for name in listed} == {
        name: each["sha256"] for name, each in listed.items()
    }
    assert any(archive.read(name) == b"a picture" for name in listed)


def test_evidence_of_a_deleted_account_is_complete(second, account, moderator):
    repo = repos.find_repo(account.host, account.did)
    put(repo, "k", upload(repo, b"a picture"))
    hold = holds.place(moderator, account, "court order 7")
    run, _tables = deletes_whole_accounts(account)
    run()
    archive = exported(evidence_exports.ask_of_hold(second, hold, "police"), second)
    names = archive.namelist()
    assert {"repo.car", "private/account.json", "blobs.jsonl", "staff/audit.json"} <= set(names)
    assert len(archive.read("repo.car")) > 300
    assert any(name.startswith("blobs/") for name in names)


def test_a_moderator_cannot_take_evidence_out(moderator, account):
    hold = holds.place(moderator, account, "court order 7")
    export = EvidenceExport.objects.get(hold=hold)
    with pytest.raises(NotAllowed):
        exported(export, moderator)


def test_an_export_of_a_held_account_does_not_expire(second, account):
    holds.place(audit.ADMIN, account, "court order 7")
    export = EvidenceExport.objects.get()
    exported(export, second)
    files.purge(timezone.now() + timedelta(days=60))
    with evidence_exports.open_file(second, export) as file:
        assert file.read(2) == b"PK"
    assert open_account(account.host).held_at is None


def test_an_export_whose_file_expired_is_not_found(second, account):
    export = evidence_exports.ask(second, account, "police")
    exported(export, second).close()
    EvidenceExport.objects.update(expires_at=LONG_AGO)
    evidence_exports.sweep()
    export.refresh_from_db()
    with pytest.raises(evidence_exports.ExportNotFound):
        evidence_exports.open_file(second, export)
