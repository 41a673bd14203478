"""Another name for a host, and the move of all its accounts' DIDs to it.

The host answers under both names, each as itself, from the beginning until the old one is dropped;
so nobody is out of reach while DID after DID changes, and whoever holds a session keeps it. The new
name is asked for from outside before anything is changed. Then it becomes the host's own, and each
DID's endpoint follows by an operation that this host signs, at the pace of the directory. An
operation is a row before the directory hears of it: a job that was killed goes on with the account
where it was. Moving back is the same with the names exchanged.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.identity import did_web, did_web_documents, published_dids
from accounts.identity.plc import control_check, owner_operations, updates
from accounts.identity.plc.updates import DirectoryUnavailable, UpdateRefused, UpdateTimeout
from accounts.models import Account, PlcOperation, WebIdentity
from accounts.models.accounts import AccountQuerySet
from hosting.models import Host, signals
from hosting.tenancy import routing
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.did import plc
from protocol.did.plc_data import PDS_SERVICE, PlcData
from protocol.errors import InvalidRequest, XrpcError
from provider.errors import NAMED_MAX, InUse, NameTaken
from provider.jobs import kinds, running
from provider.jobs.pacing import paced
from provider.jobs.work import Later, Work
from provider.models import Job, JobRemainder
from provider.tenancy import host_checks, hosts
from provider.tenancy.domain_checks import Verdict
from server.jobs.back_off import pause_after

KIND: Final = "host.rename"
NAMED_IN_ADVANCE: Final = 100
_TRIES: Final = 2  # somebody else's operation may come in between
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
FOREIGN_KEYS: Final = _("Its owner alone has the rotation keys, and must change it.")
OWN_DOCUMENT: Final = _("Its did:web document is its owner's to change.")
PENDING: Final = _("The sign-up is not complete yet: move the accounts once more.")


class NotReached(XrpcError):
    """409: the new name does not lead here yet. Nothing was changed."""

    name = "NotReached"
    status = 409
    field = "to"


class OtherName(XrpcError):
    """409: the host has a second name already."""

    name = "OtherName"
    status = 409
    field = "to"
    page_text = _("The host still has another second name: drop that one first.")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a move would do. `foreign`: the first of those whose owners must change their DID."""

    hostname: str
    accounts_count: int
    foreign_count: int
    foreign: list[str]
    minutes: int


def prepare(host: Host, to: str) -> Prepared:
    """Look what a move would do; nothing is changed. Raises InvalidField, NameTaken, OtherName."""
    name = _checked(host, to)
    accounts = _accounts(host)
    foreign = accounts.filter(_foreign(host)).order_by("pk")
    count = accounts.count()
    return Prepared(
        name,
        count,
        foreign.count(),
        list(foreign.values_list("did", flat=True)[:NAMED_IN_ADVANCE]),
        -(-60 * count // _per_hour()),
    )


@transaction.atomic
def begin(host: Host, to: str, by: Actor) -> Job:
    """Have a host answer under a second name, too, and then move to it. May be repeated, for those
    that were left. Raises what `prepare` does, Underway."""
    locked = Host.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=host.pk)
    name = _checked(locked, to)
    if name != locked.hostname:
        locked.other_hostname, locked.other_origin = name, locked.origin_at(name)
        try:
            with transaction.atomic():
                locked.save(update_fields=["other_hostname", "other_origin"])
        except IntegrityError as fault:
            raise NameTaken(f"{name} is a host already.") from fault
    said = f"the accounts move to {name}"
    audit.record_at_host(by, locked, AuditEntry.Action.HOST_CHANGE_SETTINGS, said)
    job = running.begin(KIND, locked.tenant, by, {"host": locked.pk, "to": name})
    transaction.on_commit(routing.forget)
    return job


@transaction.atomic
def drop_name(host: Host, by: Actor, *, is_forced: bool = False) -> None:
    """Have a host answer under its own name alone. Refused while a DID names the other one, unless
    forced; and while its accounts move. Raises InUse, Underway."""
    locked = Host.objects.select_for_update(of=("self",)).get(pk=host.pk)
    if Job.objects.open().filter(kind=KIND, tenant=locked.tenant_id).exists():
        raise running.Underway
    if locked.other_hostname is None:
        return
    left = _accounts(locked).filter(did_document__contains=f'"{locked.other_origin}"')
    if not is_forced and (count := left.count()):
        names = list(left.values_list("did", flat=True)[:NAMED_MAX])
        raise InUse(locked.other_hostname, names, count)
    said = f"the name {locked.other_hostname} is dropped"
    locked.other_hostname, locked.other_origin = None, ""
    locked.save(update_fields=["other_hostname", "other_origin"])
    audit.record_at_host(by, locked, AuditEntry.Action.HOST_CHANGE_SETTINGS, said)
    transaction.on_commit(routing.forget)


def run(work: Work) -> dict[str, object]:
    """A job's work."""
    host = Host.objects.select_related("tenant").get(
        pk=work.given["host"], tenant=work.job.tenant_id
    )
    if host.hostname != work.given["to"]:
        _check_leads_here(host, work.given["to"])
        host = _switched(host)
        signals.crawl_requested.send(sender=Host, host=host)
    accounts = _accounts(host)
    if work.job.total_count is None:
        JobRemainder.objects.filter(job=work.job).delete()
        work.advance(total=accounts.count())
    paced(work, accounts, lambda pk: _move_or_wait(work, host, pk), _per_hour())
    left = JobRemainder.objects.filter(job=work.job).count()
    return {"host": host.hostname, "moved": work.job.done_count - left, "left": left}


def _checked(host: Host, to: str) -> str:
    """The name in its normal form, when the host may move to it."""
    wanted = to.strip().lower().rstrip(".")
    if wanted in (host.hostname, host.other_hostname):
        return wanted
    name = hosts.check_new(to)
    if host.other_hostname is not None:
        raise OtherName(f"{host.hostname} still has the name {host.other_hostname}: drop it first.")
    return name


def _accounts(host: Host) -> AccountQuerySet:
    """Those that live here."""
    return Account.objects.of(host).filter(moved_away_at=None)


def _foreign(host: Host) -> Q:
    """Accounts whose DIDs this host cannot change, as far as it knows."""
    served = WebIdentity.objects.filter(host=host).values("did")
    return Q(has_rotation_key=False) | Q(did__startswith="did:web:") & ~Q(did__in=served)


def _per_hour() -> int:
    """Each account is an operation for the directory, and an event for the relays."""
    return max(1, min(settings.PLC_UPDATES_PER_HOUR, settings.ANNOUNCEMENTS_PER_HOUR))


def _check_leads_here(host: Host, to: str) -> None:
    if host.other_hostname != to:
        raise NotReached(f"{host.hostname} has no second name {to} any more.")
    for result in host_checks.check(host.under_other_name()):
        if result.verdict != Verdict.OK:
            raise NotReached(f"{to}: {result.sentence} Nothing was changed.")


@transaction.atomic
def _switched(host: Host) -> Host:
    """The host under the name that was its second; new accounts get it in their DIDs."""
    locked = Host.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=host.pk)
    if locked.hostname == host.hostname:
        switched = locked.under_other_name()
        columns = ("hostname", "origin", "service_did", "other_hostname", "other_origin")
        switched.save(update_fields=columns)
        ended = WebIdentity.objects.filter(host=host, account=None)
        for identity in ended.filter(services__icontains=host.origin):
            identity.services = _moved_services(identity.services, host.origin, switched.origin)
            identity.save(update_fields=["services"])
        locked = switched
    transaction.on_commit(routing.forget)
    return locked


def _moved_services(
    services: dict[str, dict[str, str]], before: str, after: str
) -> dict[str, dict[str, str]]:
    return {
        name: {**each, "endpoint": after} if each["endpoint"] == before else each
        for name, each in services.items()
    }


def _move_or_wait(work: Work, host: Host, account_id: int) -> None:
    """Move one account, or note why not. Raises Later while the directory does not answer."""
    account = _accounts(host).select_related("host__tenant").filter(pk=account_id).first()
    if account is None:
        return
    try:
        reason = _reason_left(account)
    except (DirectoryUnavailable, UpdateTimeout) as silence:
        waits = work.place.get("waits", 0) + 1
        work.advance(step=silence.message, waits=waits)
        raise Later(timezone.now() + pause_after(waits, _FIRST_PAUSE, _LONGEST_PAUSE)) from silence
    if work.place.get("waits"):
        work.advance(step="", waits=0)
    if reason:
        JobRemainder.objects.update_or_create(
            job=work.job, did=account.did, defaults={"reason": reason[:300]}
        )


def _reason_left(account: Account) -> str:
    """Why an account was not moved; empty: it names the new name now."""
    with translation.override("en"):
        if account.opened_at is None:
            return str(PENDING)
        if published_dids.is_at(account, account.host.origin):
            return ""
        if account.did.startswith(did_web_documents.PREFIX):
            return _web_reason(account)
        return _plc_reason(account)


def _plc_reason(account: Account, tries: int = _TRIES) -> str:
    try:
        return str(FOREIGN_KEYS) if _move(account) else ""
    except UpdateRefused as refusal:
        return _plc_reason(account, tries - 1) if tries > 1 else refusal.message
    except InvalidRequest as refusal:
        return refusal.message


def _web_reason(account: Account) -> str:
    if not did_web.is_served_here(account):
        return str(OWN_DOCUMENT)
    data = did_web_documents.data_of(did_web.identity_of(account))
    did_web.change(account, _at_new_name(account, data))
    return ""


def _move(account: Account) -> bool:
    """Have the directory say where the account lives now; true when only its owner can. Raises
    UpdateRefused, NotOursToChange, and DirectoryUnavailable or UpdateTimeout for no answer."""
    under_way = PlcOperation.objects.open().filter(account=account).first()
    if under_way is not None:
        updates.await_publication(under_way)
    newest, data = updates.newest(account)
    wanted = _at_new_name(account, data)
    service = data.services.get(PDS_SERVICE)
    if service is not None and service.endpoint == account.host.origin:
        return False
    control_check.check_lives_here(account, data)
    if account.host.rotation_did_key not in data.rotation_keys:
        return True
    signed = updates.signed(account, wanted, newest)
    owner_operations.assure_valid(signed)
    updates.await_publication(_written_down(account, signed))
    return False


def _written_down(account: Account, signed: plc.Operation) -> PlcOperation:
    with transaction.atomic(durable=True):
        kept = owner_operations.kept_row(account, signed)
        return kept or updates.write_down(account, signed)


def _at_new_name(account: Account, data: PlcData) -> PlcData:
    """The data with every service of the old name at the new one: the PDS, and a labeler."""
    host = account.host
    services = {
        name: replace(each, endpoint=host.origin) if each.endpoint == host.other_origin else each
        for name, each in data.services.items()
    }
    return replace(data, services=services)


kinds.register(KIND, run, _("Accounts moved to another host name"), is_platforms=True)
