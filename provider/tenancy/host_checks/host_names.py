"""Custom host names: proved by a token in DNS, looked at every week, and warned of when they lapse.

A lapsed name breaks the endpoint of every account in its DID, and whoever registers it anew could
speak for all of them: so a name that fails is looked at every hour, and told after three looks.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hosting.mail import emails, outbox
from hosting.models import Host
from provider.models import HostName
from provider.tenancy.domain_checks import Result, Verdict
from provider.tenancy.host_checks import Ask, ask_outside
from provider.tenancy.host_checks import check as check_answers
from provider.webhooks import events
from server.net import dns

RECORD: Final = "_grove-host"
_PREFIX: Final = "grove-host="
_OFTEN: Final = timedelta(hours=1)
_SELDOM: Final = timedelta(days=7)
_TOLD_AFTER: Final = timedelta(hours=2)
_A_ROUND: Final = 20

Texts = Callable[[str], list[str]]


def wanted_record(host: Host) -> tuple[str, str]:
    """The TXT record that proves the name: where, and what it says."""
    row, _is_new = HostName.objects.get_or_create(
        host=host, defaults={"token": secrets.token_hex(16)}
    )
    return f"{RECORD}.{host.hostname}", f"{_PREFIX}{row.token}"


def check(host: Host, texts: Texts = dns.values, ask: Ask = ask_outside) -> list[Result]:
    """Look at the name now: proof, address, certificate, and whether it is this host that answers
    (a name that lapsed is often parked, with a page for every path); noted, and told where it
    lapsed. No transaction may be open."""
    results = [_proof(host, texts), *check_answers(host, ask)]
    _note(host, results)
    return results


def check_due() -> int:
    """Hourly: names that were not looked at for a week, and those that fail; how many."""
    now = timezone.now()
    due = HostName.objects.filter(
        Q(checked_at__lt=now - _SELDOM)
        | Q(checked_at=None)
        | Q(failing_since__isnull=False, checked_at__lt=now - _OFTEN),
        host__tenant__deleted_at=None,
    )
    rows = list(due.select_related("host__tenant").order_by("checked_at")[:_A_ROUND])
    for row in rows:
        check(row.host)
    return len(rows)


def _proof(host: Host, texts: Texts) -> Result:
    where, what = wanted_record(host)
    try:
        found = what in texts(where)
    except dns.NoAnswer:
        return Result("proof", Verdict.SKIPPED, str(_("The name servers do not answer.")))
    if found:
        return Result("proof", Verdict.OK, str(_("%s holds the token.")) % where)
    said = _("Add a DNS record %(name)s TXT with %(what)s.")
    return Result("proof", Verdict.FAILED, said % {"name": where, "what": what})


@transaction.atomic
def _note(host: Host, results: list[Result]) -> None:
    row = HostName.objects.select_for_update(of=("self",)).get(host=host)
    now = timezone.now()
    proof, *answers = results
    faults = [each.sentence for each in answers if each.verdict == Verdict.FAILED]
    if row.proved_at is not None and proof.verdict == Verdict.FAILED:
        faults.append(proof.sentence)
    if proof.verdict == Verdict.OK:
        row.proved_at = row.proved_at or now
    row.checked_at, row.fault = now, " ".join(faults)[:300]
    row.failing_since = (row.failing_since or now) if faults else None
    if not faults:
        row.warned_at = None
    elif row.warned_at is None and now - row.failing_since >= _TOLD_AFTER:  # type: ignore[operator]
        row.warned_at = now
        _warn(host, row.fault)
    row.save()


def _warn(host: Host, fault: str) -> None:
    events.tell(host, events.Event.HOST_NAME_LAPSED, {"fault": fault})
    if address := host.tenant.support_email:
        words = emails.from_staff(_("Your host's name does not lead here"), fault)
        outbox.post(host, address, emails.FROM_STAFF, words)
