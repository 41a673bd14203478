"""A person's account moved from one host of this platform to another, by whoever runs both.

The steps are those of any move (repos.account_transfer.moves.own_hosts); the job waits for them
without a thread, and each of its attempts may be the first after a crash.
"""

from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.identity.plc.updates import DirectoryUnavailable
from accounts.identity.resolution import NetworkUnavailable
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, AccountMigration, PlcOperation
from hosting.models import Host
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.errors import XrpcError
from provider.jobs import kinds, running
from provider.jobs.work import Work
from provider.models import Job
from repos.account_transfer import overview
from repos.account_transfer.moves import copying, own_hosts
from repos.models import MoveIn, Repo

KIND: Final = "account.move"
_LOOKED_EVERY_S: Final = 2.0
_SIGN_INS_MAX: Final = 3
_WAITS_S: Final = 30.0
_WAITS_MAX: Final = 20  # for a directory that does not answer
_FOR_NOW: Final = (DirectoryUnavailable, NetworkUnavailable)
_REFUSED: Final = frozenset({PlcOperation.State.REFUSED, PlcOperation.State.WITHDRAWN})


class MoveFailed(XrpcError):
    """500: the move came to nothing, and the account lives where it did; why is in the message."""

    name = "MoveFailed"
    status = 500


def begin(source: Account, host: Host, handle: str, by: Actor, reason: str) -> Job:
    """Have an account moved to that host, on the record. Raises NotMovable, AccountFrozen,
    Underway, TooManyJobs."""
    own_hosts.check(source, host)
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=source.pk)
        under_way = Job.objects.open().filter(kind=KIND, given__account=source.pk)
        if under_way.exists():
            raise running.Underway
        said = f"{reason}: to {host.hostname} as {handle}"
        audit.record(by, source, AuditEntry.Action.ACCOUNT_MOVE, said)
        given = {"account": source.pk, "host": host.pk, "handle": handle}
        return running.begin(KIND, source.host.tenant, by, given)


def move(work: Work) -> dict[str, Any]:
    """A job's work; what fails for good leaves all as it was. Raises XrpcError, Later."""
    found = Account.objects.select_related("host__tenant").filter(pk=work.given["account"])
    source = found.filter(host__tenant=work.job.tenant_id).first()
    host = Host.objects.select_related("tenant").filter(pk=work.given["host"]).first()
    if source is None or host is None:
        raise MoveFailed("The account or the new host is gone.")
    try:
        account = _opened(work, source, host) or _open(work, source, host)
        if not work.place.get("is_begun"):
            own_hosts.begin(source, account)
            work.advance(is_begun=True)
        return _go_on(work, source, account)
    except XrpcError as fault:
        if isinstance(fault, _FOR_NOW) and work.place.get("waits", 0) < _WAITS_MAX:
            work.advance(step=fault.message, waits=work.place.get("waits", 0) + 1)
            work.pause(_WAITS_S)
        own_hosts.give_up(source, _opened(work, source, host))
        raise


def _opened(work: Work, source: Account, host: Host) -> Account | None:
    """The account at the new host, where this job has opened one."""
    there = Account.objects.of(host).select_related("host__tenant").filter(did=source.did).first()
    if there is None or work.place.get("is_begun"):
        return there
    is_ours = work.place.get("is_opening") and move_in.is_moving_in(there)
    return there if is_ours else None


def _open(work: Work, source: Account, host: Host) -> Account:
    if work.place.get("is_begun"):
        raise MoveFailed("The account at the new host is gone.")
    own_hosts.check(source, host)
    own_hosts.check_control(source)
    under_way = AccountMigration.objects.pending().filter(account__did=source.did)
    if under_way.filter(account__host=host).exists():
        raise MoveFailed("Its owner is moving it there already.")
    total = Repo.objects.get(pk=source.pk).record_count
    work.advance(total=total, step="begun", is_opening=True)
    return own_hosts.open_account(source, host, work.given["handle"])


def _go_on(work: Work, source: Account, account: Account) -> dict[str, Any]:
    found = MoveIn.objects.filter(pk=account.pk).first()
    if found is None:
        raise MoveFailed("The account at the new host is gone.")
    if found.state == MoveIn.State.DONE:
        return _ended(work, source, account)
    if found.state == MoveIn.State.STOPPED and found.confirmed_at is not None:
        _arrive_again(work, account, found)
    elif found.state == MoveIn.State.STOPPED:
        _sign_in_again(work, source, account, found)
    elif found.confirmed_at is not None:
        _check_directory(account)
    elif own_hosts.is_copied(found):
        own_hosts.publish(source, account)
    count = Repo.objects.filter(pk=account.pk).values_list("record_count", flat=True).first()
    work.advance(count or 0, step="published" if found.confirmed_at else "copied")
    work.pause(_LOOKED_EVERY_S)
    raise AssertionError  # `pause` has raised


def _sign_in_again(work: Work, source: Account, account: Account, found: MoveIn) -> None:
    """A session that was ended meanwhile is opened anew. Raises MoveFailed for other reasons."""
    times = work.place.get("sign_ins", 0)
    if found.session is not None or times >= _SIGN_INS_MAX:
        raise MoveFailed(found.last_error)
    work.advance(sign_ins=times + 1)
    own_hosts.sign_in_again(source, account)


def _arrive_again(work: Work, account: Account, found: MoveIn) -> None:
    """What is public by now is gone on with. Raises Later, MoveFailed after ten minutes of that."""
    _check_directory(account)
    times = work.place.get("waits", 0)
    if times >= _WAITS_MAX:
        raise MoveFailed(found.last_error)
    work.advance(step=found.last_error, waits=times + 1)
    copying.go_on(account.pk)
    work.pause(_WAITS_S)


def _check_directory(account: Account) -> None:
    """Raises MoveFailed when the directory has refused what it was told."""
    told = PlcOperation.objects.filter(account=account).order_by("-pk").first()
    if told is not None and told.state in _REFUSED:
        raise MoveFailed(f"The PLC directory refused the change: {told.last_error}")


def _ended(work: Work, source: Account, account: Account) -> dict[str, Any]:
    own_hosts.finish(source)
    said = f"from {source.host.hostname}"
    audit.record(work.job.by, account, AuditEntry.Action.ACCOUNT_MOVE, said)
    return {
        "did": account.did,
        "host": account.host.hostname,
        "handle": account.handle,
        "missing_files": overview.missing_count(account),
    }


kinds.register(KIND, move, _("Moved to another host"), is_alone=False)
