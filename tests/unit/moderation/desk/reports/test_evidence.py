"""What a report is about stays for the staff when its author deletes it: bounded, for a time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.lifecycle import deletion
from moderation.desk.reports import evidence, reports
from moderation.desk.reports.evidence import Fate
from moderation.desk.reports.reports import Reporter
from moderation.models import Evidence, Report
from protocol import cbor, cid
from repos.blobs import garbage_collection
from repos.lifecycle import deletion as repo_deletion
from repos.models import BlobHold, Record
from repos.reads import repos
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import THING, delete, put, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
SPAM = "com.atproto.moderation.defs#reasonSpam"
AT_ONCE = timedelta(0)


@pytest.fixture
def author(ash):
    return open_account(ash)


@pytest.fixture
def repo(author):
    return repos.find_repo(author.host, author.did)


def current(author, rkey: str = "a") -> str:
    record = Record.objects.filter(repo_id=author.pk, rkey=rkey).first()
    return cid.to_text(bytes(record.cid)) if record else "bafygone"


def report(reporter, author, rkey: str = "a", version: str = "") -> Report:
    uri = f"at://{author.did}/{THING}/{rkey}"
    link = version or current(author, rkey)
    return reports.file(reporter, {"$type": reports.STRONG_REF, "uri": uri, "cid": link}, SPAM)


def read(kept: Evidence, blob_cid: bytes) -> bytes:
    with evidence.open_file(kept, blob_cid).file as file:
        return file.read()


def test_a_deleted_record_and_its_files_stay_with_the_report(account, author, repo):
    put(repo, "a", ref := upload(repo, b"rude"))
    kept = report(account, author).evidence
    delete(repo, "a")
    garbage_collection.remove_unused_blobs(AT_ONCE)
    assert cid.of_dag_cbor(bytes(kept.data)) == cid.from_text(kept.cid)
    assert read(kept, ref.cid) == b"rude"
    assert evidence.fate(kept) == Fate.DELETED


@pytest.mark.django_db(transaction=True)
def test_evidence_outlives_the_account(account, author, repo):
    put(repo, "a", ref := upload(repo, b"rude"))
    kept = report(account, author).evidence
    deletion.delete(author)
    repo_deletion.clear(repo.id)
    assert evidence.fate(kept) == Fate.NO_ACCOUNT
    assert read(kept, ref.cid) == b"rude"


def test_a_reported_account_stands_for_its_profile(account, author):
    data = cbor.encode({"displayName": "rude"})
    Record.objects.create(
        repo_id=author.pk, collection="app.bsky.actor.profile", rkey="self",
        cid=cid.of_dag_cbor(data), rev="3k", data=data,
    )  # fmt: skip
    filed = reports.file(account, {"$type": reports.REPO_REF, "did": author.did}, SPAM)
    assert filed.evidence.path == evidence.PROFILE


def test_a_flood_of_reports_makes_one_copy_a_version(account, author, repo):
    put(repo, "a")
    first = [report(account, author).evidence for _ in range(3)]
    put(repo, "a", upload(repo, b"x"))
    second = report(account, author).evidence
    assert {kept.pk for kept in first} != {second.pk}
    assert Evidence.objects.count() == 2
    assert evidence.fate(first[0]) == Fate.CHANGED
    assert evidence.fate(second) == Fate.UNCHANGED


def test_a_late_report_finds_the_copy_of_what_is_gone(account, author, repo):
    put(repo, "a", upload(repo, b"rude"))
    version = current(author)
    kept = report(account, author).evidence
    Evidence.objects.update(kept_until=timezone.now())
    BlobHold.objects.update(held_until=timezone.now())
    delete(repo, "a")
    assert report(account, author, version=version).evidence == kept
    soon = timezone.now() + timedelta(days=179)
    assert Evidence.objects.get().kept_until > soon
    assert BlobHold.objects.get().held_until > soon


def test_nothing_is_copied_of_another_tenants_or_unknown_records(account, author, birch, repo):
    put(repo, "a")
    stranger = open_account(birch)
    assert report(stranger, author).evidence is None
    assert report(account, author, rkey="nothing").evidence is None
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(("allowed", "is_kept"), [(20 * 200, True), (20 * 10, False)])
def test_a_reporter_gets_a_share_of_the_hosts_bytes(account, author, repo, settings, allowed,
                                                    is_kept):  # fmt: skip
    settings.EVIDENCE_BYTES = allowed
    put(repo, "a", upload(repo, b"x" * 1000))
    filed = report(account, author)
    assert (filed.evidence is not None) == is_kept
    assert not BlobHold.objects.exists()  # no room for the file in either case


def test_reporters_from_elsewhere_have_one_share_together(ash, author, repo, settings):
    settings.EVIDENCE_BYTES = 20 * 200
    for rkey in "abcdefghi":
        put(repo, rkey)
        uri = f"at://{author.did}/{THING}/{rkey}"
        about = {"$type": reports.STRONG_REF, "uri": uri, "cid": "b"}
        reports.receive(Reporter(ash, f"did:web:{rkey}.example"), about, SPAM)
    assert 0 < Evidence.objects.kept_bytes() <= 200


@pytest.mark.long
def test_all_reporters_together_fill_no_more_than_the_hosts_bytes(ash, author, repo, settings):
    settings.EVIDENCE_BYTES = 4_000
    for number in range(40):
        put(repo, str(number), upload(repo, b"x" * (number + 1)))
        report(open_account(ash), author, str(number))
    assert 0 < Evidence.objects.kept_bytes() <= 4_000
    assert Evidence.objects.count() < Report.objects.count() == 40


def test_evidence_goes_after_its_time_and_the_report_stays(account, author, repo, settings):
    settings.EVIDENCE_DAYS = 9
    put(repo, "a", upload(repo, b"rude"))
    report(account, author)
    assert evidence.forget_old() == 0
    Evidence.objects.update(kept_until=timezone.now())
    assert evidence.forget_old() == 1
    assert Report.objects.get().evidence is None


def test_no_evidence_where_the_operator_wants_none(account, author, repo, settings):
    settings.EVIDENCE_DAYS = 0
    put(repo, "a")
    assert report(account, author).evidence is None
