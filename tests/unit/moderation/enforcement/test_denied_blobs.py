import io

import pytest
from django.core.management import CommandError, call_command

from hosting.models import Host
from moderation.enforcement import denied_blobs
from moderation.models import AuditEntry
from moderation.permissions import NotAllowed, ReasonNeeded
from protocol import cid
from repos.blobs.scanning import BlobRefused
from repos.models import DeniedBlob
from repos.reads import repos
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import upload

BYTES = b"not here"
CID = cid.of_raw(BYTES)
TEXT = cid.to_text(CID)


@pytest.fixture(autouse=True)
def scanner(settings, folder) -> None:
    settings.BLOB_SCANNERS = ["deny_list"]


def is_refused(host: Host) -> bool:
    repo = repos.find_repo(host, open_account(host).did)
    try:
        upload(repo, BYTES)
    except BlobRefused:
        return True
    return False


def test_denied_bytes_are_refused_at_that_host_alone(ash: Host, birch: Host, moderator) -> None:
    denied_blobs.deny(moderator, ash, CID, "court order")
    assert is_refused(ash)
    assert not is_refused(birch)
    assert list(denied_blobs.denied(ash)) == [(TEXT, "court order")]
    assert list(denied_blobs.denied(birch)) == []


def test_allowed_bytes_come_in_again(ash: Host, moderator) -> None:
    denied_blobs.deny(moderator, ash, CID, "court order")
    denied_blobs.allow(moderator, ash, CID, "order lifted")
    assert not is_refused(ash)


def test_both_land_in_the_audit_log(ash: Host, moderator) -> None:
    denied_blobs.deny(moderator, ash, CID, "court order")
    denied_blobs.allow(moderator, ash, CID, "order lifted")
    logged = AuditEntry.objects.order_by("pk").values_list(
        "action", "host", "staff", "subject_cid", "reason"
    )
    assert list(logged) == [
        ("blob.deny", ash.pk, moderator.pk, TEXT, "court order"),
        ("blob.allow", ash.pk, moderator.pk, TEXT, "order lifted"),
    ]


def test_a_repeated_denial_takes_the_new_reason(ash: Host, moderator) -> None:
    denied_blobs.deny(moderator, ash, CID, "one")
    denied_blobs.deny(moderator, ash, CID, "two")
    assert list(denied_blobs.denied(ash)) == [(TEXT, "two")]


def test_a_denial_without_a_reason_is_none(ash: Host, moderator) -> None:
    with pytest.raises(ReasonNeeded):
        denied_blobs.deny(moderator, ash, CID, "  ")
    assert not DeniedBlob.objects.exists()


@pytest.mark.parametrize("verb", [denied_blobs.deny, denied_blobs.allow])
def test_staff_of_another_tenant_and_those_who_only_look_may_not(
    ash: Host, birch: Host, staff_of, verb
) -> None:
    for actor in (staff_of(birch, "owner"), staff_of(ash, "auditor")):
        with pytest.raises(NotAllowed):
            verb(actor, ash, CID, "reason")
    assert not AuditEntry.objects.exists()


def test_the_command_denies_allows_and_lists(ash: Host, birch: Host) -> None:
    call_command("blob", "deny", TEXT, "--every-host", "--reason", "spam")
    assert DeniedBlob.objects.count() == 2
    call_command("blob", "allow", TEXT, "--host", birch.hostname, "--reason", "a mistake")
    out = io.StringIO()
    call_command("blob", "list", "--every-host", stdout=out)
    assert out.getvalue() == f"{ash.hostname} {TEXT} spam\n"
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"admin"}


def test_the_command_acts_as_the_staff_that_it_names(ash: Host, birch: Host, moderator) -> None:
    name = moderator.username
    call_command("blob", "deny", TEXT, "--host", ash.hostname, "--reason", "spam", "--by", name)
    assert AuditEntry.objects.get().staff == moderator
    with pytest.raises(CommandError, match="role"):
        call_command("blob", "deny", TEXT, "--host", birch.hostname, "--reason", "x", "--by", name)


@pytest.mark.parametrize(
    "arguments",
    [
        [TEXT],
        [TEXT, "--host", "localhost", "--every-host"],
        [TEXT, "--host", "nobody.example"],
        ["junk", "--every-host"],
        [cid.to_text(cid.of_dag_cbor(b"")), "--every-host"],
        [TEXT, "--every-host", "--by", "nobody"],
    ],
)
def test_the_command_refuses_what_it_does_not_understand(ash: Host, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("blob", "deny", *arguments, "--reason", "spam")
    assert not DeniedBlob.objects.exists()


def test_the_command_says_when_nobody_looks_at_the_list(ash: Host, settings) -> None:
    settings.BLOB_SCANNERS = []
    err = io.StringIO()
    call_command("blob", "list", "--every-host", stderr=err)
    assert "The deny list is not used" in err.getvalue()


HASH = "a" * 64


def test_a_list_of_cids_and_hashes_counts_for_every_host_of_the_tenant(ash, birch, staff_of):
    link = cid.to_text(cid.of_raw(b"bytes"))
    listed = f"{HASH} # known\n\n{link}\n{HASH.upper()}\n".encode()
    owner = staff_of(ash, "owner")
    assert denied_blobs.deny_many(owner, ash.tenant, listed, "a partner's list") == 2
    assert {text for text, _reason in list(denied_blobs.denied(ash))} >= {link}
    assert not list(denied_blobs.denied(birch))
    assert denied_blobs.deny_many(owner, ash.tenant, listed, "again") == 2


@pytest.mark.parametrize("listed", [b"nonsense", b"a" * 63, b"\xff\xfe", b"a" * 2_000_001])
def test_what_is_no_list_denies_nothing(ash, staff_of, listed):
    with pytest.raises(denied_blobs.UnfitList):
        denied_blobs.deny_many(staff_of(ash, "owner"), ash.tenant, listed, "no")
    assert not list(denied_blobs.denied(ash))


def test_another_tenants_staff_imports_no_list(ash, birch, staff_of):
    with pytest.raises(NotAllowed):
        denied_blobs.deny_many(staff_of(birch, "owner"), ash.tenant, HASH.encode(), "envy")
