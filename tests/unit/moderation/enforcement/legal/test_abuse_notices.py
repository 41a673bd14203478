"""Abuse notices: from named authorities, once each, acted on only where the tenant wants it."""

import pytest
from django.db import IntegrityError, transaction

from moderation.enforcement.legal import abuse_notices
from moderation.enforcement.legal.abuse_notices import NoAuthority, UnfitAuthority
from moderation.models import AbuseAuthority, AbuseNotice, AuditEntry
from moderation.permissions import NotAllowed
from repos.lifecycle import record_takedowns
from repos.reads import repos
from tests.unit.repos.blobs.uploads import THING, put

pytestmark = pytest.mark.django_db
AUTHORITY = "did:web:notices.example.org"


def notice(account, number=1, **changes):
    uri = f"at://{account.did}/{THING}/k"
    subjects = [{"accountDid": account.did, "records": [{"uri": uri}]}]
    wire = {"noticeId": number, "authority": AUTHORITY, "abuseType": "spam", "subjects": subjects}
    return {**wire, "comment": "a wave", **changes}


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


@pytest.fixture
def record(account):
    repo = repos.find_repo(account.host, account.did)
    put(repo, "k")
    return lambda: record_takedowns.state(repo, THING, "k").ref


def take(owner, account, did=AUTHORITY, *, is_acted_on=False):
    abuse_notices.name_authority(owner, account.host, did, is_acted_on=is_acted_on)


def test_a_notice_of_a_named_authority_is_kept_once(owner, account, record):
    take(owner, account)
    first = abuse_notices.receive(account.host, AUTHORITY, notice(account))
    again = abuse_notices.receive(account.host, AUTHORITY, notice(account, comment="other words"))
    assert (again, AbuseNotice.objects.get().comment) == (first, "a wave")
    assert record() is None


def test_of_others_nothing_is_taken(owner, account, birch):
    take(owner, account)
    with pytest.raises(NoAuthority):
        abuse_notices.receive(account.host, "did:web:other.example", notice(account))
    with pytest.raises(NoAuthority):
        abuse_notices.receive(birch, AUTHORITY, notice(account))
    other = notice(account, authority="did:web:other.example")
    with pytest.raises(NoAuthority):
        abuse_notices.receive(account.host, AUTHORITY, other)
    assert not AbuseNotice.objects.exists()


def test_what_it_names_is_taken_down_where_the_tenant_wants_it(owner, account, record):
    take(owner, account, is_acted_on=True)
    kept = abuse_notices.receive(account.host, AUTHORITY, notice(account))
    assert record() is not None
    kept.refresh_from_db()
    assert kept.acted == 1
    assert AuditEntry.objects.get(action="record.take_down").actor == AUTHORITY


def test_a_crash_on_the_way_leaves_nothing_and_the_next_attempt_acts(
    owner, account, record, monkeypatch
):
    take(owner, account, is_acted_on=True)
    with monkeypatch.context() as crashing:
        crashing.setattr(abuse_notices.actions, "perform", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            abuse_notices.receive(account.host, AUTHORITY, notice(account))
    abuse_notices.receive(account.host, AUTHORITY, notice(account))
    assert record() is not None


def test_a_record_of_another_account_is_left_alone(owner, account, record):
    take(owner, account, is_acted_on=True)
    foreign = [{"accountDid": account.did, "records": [{"uri": "at://did:plc:x/a.b.c/k"}]}]
    abuse_notices.receive(account.host, AUTHORITY, notice(account, subjects=foreign))
    assert record() is None


def test_everybodys_notices_are_never_acted_on(owner, account):
    with pytest.raises(UnfitAuthority):
        take(owner, account, "*", is_acted_on=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        AbuseAuthority.objects.create(tenant=account.host.tenant, did="*", is_acted_on=True)
    take(owner, account, "*")
    assert abuse_notices.receive(account.host, AUTHORITY, notice(account)).pk


@pytest.mark.parametrize("did", ["", "x", "did:foo:bar", "did:web:a/b"])
def test_what_is_no_did_is_no_authority(owner, account, did):
    with pytest.raises(UnfitAuthority):
        take(owner, account, did)


def test_another_tenants_staff_name_and_acknowledge_nothing(owner, account, birch, staff_of):
    take(owner, account)
    kept = abuse_notices.receive(account.host, AUTHORITY, notice(account))
    stranger = staff_of(birch, "owner")
    with pytest.raises(NotAllowed):
        take(stranger, account, "did:web:evil.example")
    with pytest.raises(NotAllowed):
        abuse_notices.acknowledge(stranger, kept, "envy")
    abuse_notices.acknowledge(owner, kept, "seen")
    assert not AbuseNotice.objects.open().exists()
