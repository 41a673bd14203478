"""What needs attention at hosts: e-mails that failed, cases that are overdue, sign-ups that wait.

Each is counted up to a bound and by an index, for all hosts of a page in one statement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import ngettext

from hosting.models import Host
from server.database import connection

COUNTED_MAX: Final = 100  # of one kind at one host
_MAILS_LOOKED_AT: Final = 200  # the newest of a host
_TROUBLES: Final = """
    SELECT host.id,
        (SELECT count(*) FROM (
            SELECT state, decided_at FROM outgoing_mail
            WHERE host_id = host.id ORDER BY id DESC LIMIT %s
        ) newest WHERE state = 'failed' AND decided_at > now() - interval '1 day'),
        (SELECT count(*) FROM (
            SELECT 1 FROM moderation_case
            WHERE host_id = host.id AND state <> 'closed' AND due_at <= now() LIMIT %s
        ) overdue),
        (SELECT count(*) FROM (
            SELECT 1 FROM held_sign_up WHERE host_id = host.id AND state = 'waiting' LIMIT %s
        ) held)
    FROM host WHERE host.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Troubles:
    """How many there are of each, COUNTED_MAX at the most."""

    failed_mails: int = 0
    overdue_cases: int = 0
    held_sign_ups: int = 0

    def named(self) -> list[tuple[str, str]]:
        """What is there, by the field's name and in words for people."""
        words = {
            "failed_mails": ngettext("%s e-mail failed", "%s e-mails failed", self.failed_mails),
            "overdue_cases": ngettext("%s case overdue", "%s cases overdue", self.overdue_cases),
            "held_sign_ups": ngettext("%s sign-up waits", "%s sign-ups wait", self.held_sign_ups),
        }
        return [
            (name, text % _bounded(count))
            for name, text in words.items()
            if (count := getattr(self, name))
        ]

    def sentences(self) -> list[str]:
        """What is there, for people."""
        return [said for _name, said in self.named()]


def of(hosts: Sequence[Host]) -> dict[int, Troubles]:
    """The troubles of these hosts, by host."""
    ids = [host.pk for host in hosts]
    given = (_MAILS_LOOKED_AT, COUNTED_MAX, COUNTED_MAX, ids)
    found = {pk: Troubles(*numbers) for pk, *numbers in connection.rows(_TROUBLES, given)}
    return {host.pk: found.get(host.pk, Troubles()) for host in hosts}


def together(several: Iterable[Troubles]) -> Troubles:
    """Those of several hosts as one."""
    total = Troubles()
    for each in several:
        total = Troubles(
            total.failed_mails + each.failed_mails,
            total.overdue_cases + each.overdue_cases,
            total.held_sign_ups + each.held_sign_ups,
        )
    return total


def _bounded(count: int) -> str:
    return f"{count}+" if count >= COUNTED_MAX else str(count)
