"""Evidence is downloaded and discarded by role and on the record, and for every report at once."""

import pytest
from django.utils import timezone

from moderation.desk.reports import evidence, evidence_access
from moderation.desk.reports.evidence_access import NothingKept
from moderation.models import AuditEntry, Evidence, Report
from moderation.permissions import NotAllowed
from repos.blobs import garbage_collection
from repos.models import BlobHold
from repos.reads import repos
from tests.factories import open_account
from tests.unit.moderation.desk.reports.test_evidence import AT_ONCE, read, report
from tests.unit.repos.blobs.uploads import THING, delete, put, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


@pytest.fixture
def author(ash):
    return open_account(ash)


@pytest.fixture
def repo(author):
    return repos.find_repo(author.host, author.did)


def test_what_is_discarded_is_gone_for_every_report(account, author, repo, ash, staff_of):
    put(repo, "a", upload(repo, b"rude"))
    filed, again = report(account, author), report(account, author)
    owner = staff_of(ash, "owner")
    evidence_access.discard(owner, filed, "a court says so")
    delete(repo, "a")
    garbage_collection.remove_unused_blobs(AT_ONCE)
    assert not Evidence.objects.exists()
    assert not BlobHold.objects.exists()
    assert {each.evidence for each in Report.objects.all()} == {None}
    entry = AuditEntry.objects.get()
    assert (entry.staff, entry.action, entry.subject_did, entry.subject_record, entry.reason) == (
        owner, "evidence.discard", author.did, f"{THING}/a", f"report {filed.pk}: a court says so",
    )  # fmt: skip
    with pytest.raises(NothingKept):
        evidence_access.discard(owner, again, "once more")


def test_a_file_that_another_copy_names_stays_with_that_one(account, author, repo, ash, staff_of):
    put(repo, "a", ref := upload(repo, b"rude"), own := upload(repo, b"its own"))
    put(repo, "b", ref)
    first, second = report(account, author, "a"), report(account, author, "b")
    evidence_access.discard(staff_of(ash, "owner"), first, "too much")
    for rkey in "ab":
        delete(repo, rkey)
    garbage_collection.remove_unused_blobs(AT_ONCE)
    assert read(second.evidence, ref.cid) == b"rude"
    assert [bytes(hold.cid) for hold in BlobHold.objects.all()] == [ref.cid]
    Evidence.objects.update(kept_until=timezone.now())
    assert evidence.forget_old() == 1
    garbage_collection.remove_unused_blobs(AT_ONCE)
    assert not BlobHold.objects.exists()
    assert own.cid != ref.cid


@pytest.mark.parametrize("role", ["moderator", "support", "auditor"])
def test_only_an_owner_discards(account, author, repo, ash, staff_of, role):
    put(repo, "a")
    filed = report(account, author)
    with pytest.raises(NotAllowed):
        evidence_access.discard(staff_of(ash, role), filed, "not mine to say")
    assert Evidence.objects.exists()


def test_another_tenants_owner_discards_and_downloads_nothing(account, author, repo, birch,
                                                              staff_of):  # fmt: skip
    put(repo, "a", ref := upload(repo, b"rude"))
    filed, stranger = report(account, author), staff_of(birch, "owner")
    with pytest.raises(NotAllowed):
        evidence_access.discard(stranger, filed, "not mine to say")
    with pytest.raises(NotAllowed):
        evidence_access.download(stranger, filed, ref.cid)
    assert not AuditEntry.objects.exists()
