"""Invitations to many people at once, from a CSV file or a list: read, looked at, sent by a job.

A file has a column `email`, or an address a line. The job goes on where it stopped, writes to
nobody twice, and keeps no address once it is done or stopped.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hosting.limits import RateLimitExceeded
from hosting.models import Host
from hosting.plans.quotas import QuotaExceeded
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol.errors import InvalidRequest
from provider.jobs import kinds, running
from provider.jobs.work import Work
from provider.models import Job
from provider.tenancy.invites import mailed_invites

KIND: Final = "people.invite"
ADDRESSES_MAX: Final = 1_000  # of one list
_LINES_MAX: Final = 2 * ADDRESSES_MAX
_HEADERS: Final = frozenset({"email", "e-mail", "mail", "address"})
_FAULTS_SHOWN: Final = 20
_SHOWN_CHARS: Final = 100


class NobodyToInvite(InvalidRequest):
    """400: no address, or more than fit."""

    field = "listed"
    message = f"Give between 1 and {ADDRESSES_MAX} e-mail addresses."
    page_text = _("Give between 1 and 1000 e-mail addresses.")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says: addresses, each once; and lines that are none, with their numbers."""

    addresses: Sequence[str]
    faults: Sequence[tuple[int, str]]
    fault_count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done with a list: who would be written to, and who is known already."""

    listed: Listed
    to_invite: Sequence[str]
    known: Sequence[str]


def read(text: str) -> Listed:
    """The addresses of a list. Raises NobodyToInvite."""
    found: dict[str, None] = {}
    faults: list[tuple[int, str]] = []
    for number, address in _cells(text):
        if mailed_invites.is_address(address):
            found[address.lower()] = None
        else:
            faults.append((number, address[:_SHOWN_CHARS]))
    if not 0 < len(found) <= ADDRESSES_MAX:
        raise NobodyToInvite
    return Listed(list(found), faults[:_FAULTS_SHOWN], len(faults))


def preview(host: Host, text: str) -> Preview:
    """A dry run. Raises NobodyToInvite, SignUpsClosed."""
    mailed_invites.check_open(host)
    listed = read(text)
    known = mailed_invites.known(host, listed.addresses)
    to_invite = [each for each in listed.addresses if each not in known]
    return Preview(listed, to_invite, sorted(known))


def shown(found: Preview) -> dict[str, Any]:
    """The same for programs."""
    return {
        "to_invite": [*found.to_invite],
        "known": [*found.known],
        "faults": [{"line": number, "text": text} for number, text in found.listed.faults],
        "fault_count": found.listed.fault_count,
    }


@transaction.atomic
def begin(actor: Actor, host: Host, text: str) -> Job:
    """Have a job write to everybody on the list who is not known. Raises NotAllowed,
    NobodyToInvite, SignUpsClosed, and what `running.begin` does."""
    permissions.require(actor, Deed.INVITES_GIVE, host.tenant_id)
    mailed_invites.check_open(host)
    addresses = read(text).addresses
    said = f"a list of {len(addresses)}"
    audit.record_at_host(actor, host, AuditEntry.Action.INVITES_CREATE, said)
    given = {"host": host.pk, "addresses": list(addresses)}
    return running.begin(KIND, host.tenant, actor, given)


def run(work: Work) -> dict[str, int]:
    """Write to one after the other: `{"invited": 48, "known": 2, "left_out": 0}`."""
    host = Host.objects.select_related("tenant").get(pk=work.given["host"])
    addresses: list[str] = work.given["addresses"]
    counts = {"invited": 0, "known": 0, "left_out": 0, **work.place.get("counts", {})}
    for at in range(work.place.get("at", 0), len(addresses)):
        counts[_outcome(work.job, host, addresses[at])] += 1
        work.advance(at + 1, len(addresses), at=at + 1, counts=counts)
        work.give_way()
    return counts


def _outcome(job: Job, host: Host, email: str) -> str:
    """Whose letter was written before a crash has been invited."""
    if mailed_invites.was_sent(host, email, job.created_at):
        return "invited"
    if mailed_invites.known(host, [email]):
        return "known"
    try:
        mailed_invites.check_open(host)
        mailed_invites.spend(host)
        with transaction.atomic():
            mailed_invites.send(host, email)
    except (RateLimitExceeded, QuotaExceeded, mailed_invites.SignUpsClosed):
        return "left_out"  # they or all together got enough of our letters, or the host closed
    return "invited"


def _cells(text: str) -> Iterator[tuple[int, str]]:
    """Each line's address, with the line's number. Raises NobodyToInvite for too many lines."""
    lines = text.lstrip("\ufeff").splitlines()
    if len(lines) > _LINES_MAX:
        raise NobodyToInvite
    column, is_first = 0, True
    for number, line in enumerate(lines, 1):
        cells = [each.strip() for each in next(csv.reader([line], delimiter=_delimiter(line)), [])]
        if not any(cells):
            continue
        named = [at for at, cell in enumerate(cells) if cell.lower() in _HEADERS]
        if is_first and named:
            column = named[0]
        else:
            yield number, cells[column] if column < len(cells) else line
        is_first = False


def _delimiter(line: str) -> str:
    """What separates most cells of a line: tables are exported with one of these."""
    return max(",;\t", key=line.count)


kinds.register(KIND, run, _("Invitations"), forgets=frozenset({"addresses"}))
