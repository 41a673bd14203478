"""A tenant goes as a whole: slowly, for certain, and after somebody has what was its own."""

import pytest
from django.utils import timezone

from accounts.models import Account
from hosting.mail.models import OutgoingMail
from hosting.models import HandleDomain, Host, Tenant
from hosting.tenancy import routing
from moderation.audit import OPERATOR
from moderation.models import AuditEntry
from protocol.event_stream.frames import EventKind
from provider.errors import InvalidField, NoSuchThing
from provider.jobs import running
from provider.models import Job
from provider.tenancy import deletion, suspensions
from provider.tenancy.deletion import NotReady
from repos.models import Repo
from tests.factories import open_account
from tests.unit.repos.events.firehose import stream

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_hand(settings):
    settings.VALKEY_URL = ""
    routing.forget()


@pytest.fixture
def suspended(ash) -> Tenant:
    return suspensions.suspend(ash.tenant, OPERATOR, reason="It left.")


def go_on() -> Job:
    """The attempt that a sweep would make when its time has come."""
    Job.objects.filter(kind=deletion.KIND).make_due()
    running.queue.sweep()
    return Job.objects.get(kind=deletion.KIND)


def delete(tenant: Tenant, **more: bool) -> None:
    deletion.begin(tenant, OPERATOR, confirm=tenant.slug, **more)


def test_all_of_it_goes_and_nothing_of_others(ash, birch, suspended, monkeypatch):
    gone, other = [open_account(ash) for _ in range(2)], open_account(birch)
    delete(suspended, is_unexported=True)
    go_on()
    assert [*Account.objects.all()] == [other]
    for account in gone:
        said = [body for kind, body in stream.events(account.pk) if kind is EventKind.ACCOUNT]
        assert said[-1]["status"] == "deleted"
    monkeypatch.setattr(deletion, "DAYS_KEPT", 0)
    go_on()
    assert go_on().state == Job.State.DONE
    assert Host.objects.get(pk=ash.pk).hostname == f"deleted-{ash.pk}.invalid"
    assert [*HandleDomain.objects.values_list("name", flat=True)] == [".birch.test"]
    assert [*Repo.objects.values_list("did", flat=True)] == [other.did]
    assert AuditEntry.objects.filter(host=ash, reason="deleted").exists()
    with pytest.raises(NoSuchThing):
        suspensions.resume(suspended, OPERATOR)


def test_accounts_go_at_a_pace_and_the_host_stays_for_its_readers(ash, suspended, settings):
    settings.ANNOUNCEMENTS_PER_HOUR = 120
    for _ in range(3):
        open_account(ash)
    delete(suspended, is_unexported=True)
    left = [(go_on(), Account.objects.count())[1] for _ in range(3)]
    assert left == [1, 0, 0]
    job = go_on()
    assert (job.state, job.step) == (Job.State.WAITING, "relays read that they are gone")
    assert Host.objects.get(pk=ash.pk).hostname == "localhost"


def test_it_is_confirmed_suspended_and_exported_first(ash, birch, suspended):
    with pytest.raises(InvalidField):
        deletion.begin(suspended, OPERATOR, confirm="birch")
    with pytest.raises(NotReady, match="Suspend birch first"):
        delete(birch.tenant, is_unexported=True)
    with pytest.raises(NotReady, match="Export ash first"):
        delete(suspended)
    Tenant.objects.filter(pk=suspended.pk).update(exported_at=timezone.now())
    delete(Tenant.objects.get(pk=suspended.pk))


@pytest.mark.parametrize("is_exported", [True, False])
def test_who_moved_with_the_tenant_gets_no_mail(ash, suspended, is_exported):
    open_account(ash)
    if is_exported:
        Tenant.objects.filter(pk=suspended.pk).update(exported_at=timezone.now())
    delete(Tenant.objects.get(pk=suspended.pk), is_unexported=True)
    go_on()
    assert OutgoingMail.objects.exists() is not is_exported


def test_a_tenant_that_was_resumed_loses_nobody_more(ash, suspended):
    account = open_account(ash)
    delete(suspended, is_unexported=True)
    suspensions.resume(suspended, OPERATOR)
    job = go_on()
    assert (job.state, job.last_error[:10]) == (Job.State.FAILED, "ash serves")
    assert Account.objects.filter(pk=account.pk).exists()
