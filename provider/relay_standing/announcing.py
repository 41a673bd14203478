"""Telling relays again: a request to be read, and #identity and #account of every account.

An older relay drops an account whose `active: true` it missed, and says nothing of it. What goes
out again is what is so now.
"""

from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import Account
from hosting import limits
from hosting.limits import HOUR_S, Budget, bucket
from hosting.models import Host, signals
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from provider.jobs import kinds, running
from provider.jobs.pacing import paced
from provider.jobs.work import Work
from provider.models import Job
from repos.lifecycle import account_signals

KIND: Final = "host.announce"
# Of a host. A relay that gets too many of them refuses those of all our hosts
ASKED: Final = bucket("relays-asked", Budget(10, HOUR_S))


def ask_again(host: Host) -> dict[str, str]:
    """Ask every relay to read the host now: by relay what went wrong, or "". Raises
    RateLimitExceeded."""
    limits.spend(ASKED, host, host.hostname)
    answers: list[tuple[Any, Any]] = signals.crawl_requested.send(sender=Host, host=host)
    return {relay: fault for _, answer in answers for relay, fault in answer.items()}


@transaction.atomic
def begin(host: Host, actor: Actor) -> Job:
    """Have every account of a host announced again, at the pace that relays take. Raises
    Underway."""
    said = "every account is announced again"
    audit.record_at_host(actor, host, AuditEntry.Action.HOST_CHANGE_SETTINGS, said)
    return running.begin(KIND, host.tenant, actor, {"host": host.pk})


def announce(work: Work) -> None:
    """A job's work."""
    accounts = Account.objects.filter(host=work.given["host"], host__tenant=work.job.tenant_id)
    if work.job.total_count is None:
        work.advance(total=accounts.open().count())
    paced(work, accounts.open(), _announce)


@transaction.atomic
def _announce(account_id: int) -> None:
    found = Account.objects.open().select_related("host__tenant").filter(pk=account_id)
    account = found.select_for_update(no_key=True, of=("self",)).first()
    if account is not None:
        account_signals.on_handle(account)
        account_signals.announce_status(account)


kinds.register(KIND, announce, gettext_lazy("Accounts announced again"))
