"""Archives: what is in them, who gets one, and that none stays for longer than it should."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.authentication.factors import trusted_browsers
from accounts.lifecycle import deletion, preferences
from accounts.models import Account, AppPassword, CustomHandle, RecoveryCode, RecoveryKey
from hosting.limits import RateLimitExceeded
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from moderation.desk.reports import reports
from protocol import car, cid, mst
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.account_transfer.archives import requests, worker
from repos.account_transfer.archives.requests import (
    ArchiveNotFound,
    ArchiveUnderWay,
    TooManyArchives,
)
from repos.blobs import files
from repos.models import AccountArchive, Blob, BlobUse
from repos.reads.repos import RepoRow
from server.storage import free_space
from tests.factories import open_account
from tests.unit.repos.account_transfer.archives import THING, lines, listed, made
from tests.unit.repos.blobs.uploads import files as files_in

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = cid.to_text(cid.of_raw(b"a picture"))


@pytest.fixture
def asleep(monkeypatch) -> None:
    """No worker does anything."""
    monkeypatch.setattr(worker.queue, "wake", lambda _: None)


def expire(archive: AccountArchive) -> None:
    past = timezone.now() - timedelta(seconds=1)
    AccountArchive.objects.filter(pk=archive.pk).update(expires_at=past)


def archive_files(folder: Path) -> list[Path]:
    return files_in(folder / "archives")


def test_the_repo_is_in_it_as_any_host_imports_it(account: Account, lived_in: RepoRow) -> None:
    read = car.read(made(account).read("repo.car"))
    head = commit.parse(read.blocks[read.roots[0]])
    keys = {key for key, _ in mst.verify(head.data, read.blocks)}
    assert head.did == account.did
    assert keys == {f"{THING}/{key}".encode() for key in ("k0", "k1", "picture")}


def test_blobs_are_in_it_and_a_list_of_them(account: Account, lived_in: RepoRow) -> None:
    archive = made(account)
    (line,) = lines(archive, "blobs.jsonl")
    assert line == {
        "cid": PICTURE,
        "mimeType": "image/png",
        "size": 9,
        "file": f"blobs/{PICTURE}.png",
    }
    assert archive.read(line["file"]) == b"a picture"


def test_a_blob_that_never_came_is_named(account: Account, lived_in: RepoRow) -> None:
    absent = cid.of_raw(b"absent")
    BlobUse.objects.create(repo_id=lived_in.id, collection=THING, rkey="k", cid=absent, rev="3")
    named = lines(made(account), "blobs.jsonl")[-1]
    assert (named["cid"], named["missing"]) == (cid.to_text(absent), "never came")


def test_a_blob_whose_file_was_lost_does_not_spoil_the_rest(
    account: Account, lived_in: RepoRow
) -> None:
    files.storage().delete(Blob.objects.get().key)
    archive = made(account)
    assert lines(archive, "blobs.jsonl")[0]["missing"] == "lost"
    assert "blobs.jsonl" in archive.namelist()


def test_what_was_taken_down_is_named_and_not_handed_out(
    account: Account, lived_in: RepoRow
) -> None:
    Blob.objects.update(state=Blob.State.QUARANTINED)
    archive = made(account)
    assert lines(archive, "blobs.jsonl")[0]["missing"] == "taken down"
    assert not [name for name in archive.namelist() if name.startswith("blobs/")]


def test_private_data_is_in_it(account: Account, lived_in: RepoRow) -> None:
    item = {"$type": "app.bsky.actor.defs#adultContentPref", "enabled": False}
    preferences.replace(account, [item])
    AppPassword.objects.create(
        account=account, name="phone", password_hash="secret hash", is_privileged=False
    )
    archive = made(account)
    assert listed(archive, "preferences.json") == [item]
    assert listed(archive, "account.json")[0]["email"] == account.email
    assert listed(archive, "apps.json")[0]["name"] == "phone"


def test_the_public_parts_of_factors_and_recovery_keys_are_in_it(
    account: Account, lived_in: RepoRow
) -> None:
    key = SigningKey.generate().did_key
    RecoveryKey.objects.create(account=account, did_key=key, name="in the safe")
    RecoveryCode.objects.create(account=account, code_sha256="a hash")
    trusted_browsers.trust(account, "", "A browser")
    CustomHandle.objects.create(account=account, next_check_at=timezone.now())
    archive = made(account)
    factors = listed(archive, "second-factors.json")
    assert [each["what"] for each in factors] == ["recovery code", "trusted browser"]
    assert all(each.keys().isdisjoint({"code_sha256", "token_sha256"}) for each in factors)
    assert listed(archive, "recovery-keys.json")[0]["did_key"] == key
    assert len(listed(archive, "own-domain.json")) == 1


def test_no_secret_is_in_it(account: Account, lived_in: RepoRow) -> None:
    Account.objects.filter(pk=account.pk).update(password="scrambled")
    AppPassword.objects.create(
        account=account, name="phone", password_hash="secret hash", is_privileged=False
    )
    archive = made(account)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"secret hash" not in everything
    assert b"scrambled" not in everything


def test_reports_made_are_in_it_and_those_by_others_are_not(
    account: Account, lived_in: RepoRow, ash: Host
) -> None:
    other = open_account(ash)
    about = {"$type": reports.REPO_REF, "did": other.did}
    reports.file(account, about, "com.example.rude", "what I said")
    about = {"$type": reports.REPO_REF, "did": account.did}
    reports.file(other, about, "com.example.rude", "what they said")
    assert [each["reason"] for each in listed(made(account), "reports.json")] == ["what I said"]


def test_its_owner_is_told_by_mail_where_to_sign_in_for_it(
    account: Account, lived_in: RepoRow
) -> None:
    made(account)
    mail = OutgoingMail.objects.get(kind="archive_ready")
    assert mail.recipient == account.email
    assert f"{account.host.origin}/account/data" in mail.text


def test_one_is_made_at_a_time(account: Account, asleep: None) -> None:
    requests.ask(account, "en")
    with pytest.raises(ArchiveUnderWay):
        requests.ask(account, "en")


def test_a_new_one_takes_the_place_of_the_old_one(
    account: Account, lived_in: RepoRow, folder: Path
) -> None:
    made(account)
    made(account)
    files.purge(timezone.now())
    assert len(archive_files(folder)) == 1


def test_three_a_day(account: Account, lived_in: RepoRow, settings) -> None:
    settings.RATE_LIMITS = True
    for _ in range(3):
        made(account)
    with pytest.raises(RateLimitExceeded):
        requests.ask(account, "en")


def test_a_host_has_so_many_under_way(account: Account, asleep: None, monkeypatch) -> None:
    monkeypatch.setattr(requests, "OPEN_MAX", 1)
    requests.ask(account, "en")
    with pytest.raises(TooManyArchives):
        requests.ask(open_account(account.host), "en")


def test_another_hosts_archives_take_no_place(
    account: Account, birch: Host, asleep: None, monkeypatch
) -> None:
    monkeypatch.setattr(requests, "OPEN_MAX", 1)
    requests.ask(account, "en")
    requests.ask(open_account(birch), "en")
    assert AccountArchive.objects.open().count() == 2


def test_a_host_keeps_so_many_bytes(account: Account, lived_in: RepoRow, settings) -> None:
    settings.ARCHIVES_BYTES = 100
    made(account)
    with pytest.raises(TooManyArchives):
        requests.ask(open_account(account.host), "en")


def test_it_expires_with_its_file(
    account: Account, lived_in: RepoRow, folder: Path, settings
) -> None:
    settings.ARCHIVE_DAYS = 0
    requests.ask(account, "en")
    with pytest.raises(ArchiveNotFound):
        requests.open_file(account)
    requests.sweep()
    files.purge(timezone.now())
    assert (archive_files(folder), AccountArchive.objects.count()) == ([], 0)


def test_it_goes_with_its_account(account: Account, lived_in: RepoRow, folder: Path) -> None:
    made(account)
    deletion.delete(account)
    files.purge(timezone.now())
    assert (archive_files(folder), AccountArchive.objects.count()) == ([], 0)


def test_a_worker_that_lost_its_account_leaves_nothing(
    account: Account, lived_in: RepoRow, folder: Path, monkeypatch
) -> None:
    write = files.write

    def deleted_meanwhile(key: str, file) -> None:
        write(key, file)
        deletion.delete(account)

    monkeypatch.setattr(files, "write", deleted_meanwhile)
    requests.ask(account, "en")
    assert (archive_files(folder), AccountArchive.objects.count()) == ([], 0)


def test_a_full_disk_postpones_it(
    account: Account, lived_in: RepoRow, folder: Path, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise free_space.InsufficientStorage

    monkeypatch.setattr(free_space, "check", full)
    requests.ask(account, "en")
    archive = AccountArchive.objects.get()
    assert (archive.state, archive.attempts, archive_files(folder)) == ("waiting", 1, [])
    assert archive.next_attempt_at > timezone.now()


def test_one_that_fails_time_and_again_is_given_up(account: Account, asleep: None) -> None:
    requests.ask(account, "en")
    AccountArchive.objects.update(attempts=worker.MAX_ATTEMPTS)
    requests.sweep()
    assert AccountArchive.objects.get().state == "failed"


def test_what_a_killed_attempt_wrote_goes_before_the_next(
    account: Account, lived_in: RepoRow, folder: Path, asleep: None
) -> None:
    requests.ask(account, "en")
    half = files.new_archive_key(account.host.tenant_id, account.did)
    (folder / half).parent.mkdir(parents=True)
    (folder / half).write_bytes(b"PK half of it")
    AccountArchive.objects.update(key=half, state="running")
    worker.run(account.pk)
    assert len(archive_files(folder)) == 1
    assert requests.open_file(account)[1].state == "ready"


def test_a_deactivated_and_a_taken_down_account_get_theirs(
    account: Account, lived_in: RepoRow
) -> None:
    Account.objects.filter(pk=account.pk).update(taken_down_at=timezone.now())
    assert "repo.car" in made(account).namelist()


def test_expiry_is_asked_of_the_clock_and_not_of_the_sweep(
    account: Account, lived_in: RepoRow
) -> None:
    made(account)
    expire(AccountArchive.objects.get())
    assert requests.find(account) is None
