"""Incidents: noticed ones begin and end by themselves, the operator's by command."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from hosting.models import Host
from provider.errors import InvalidField, NoSuchThing
from provider.models import Component, Incident, Working

SHOWN_FOR: Final = timedelta(days=90)
SHOWN_MAX: Final = 50
TEXT_MAX: Final = 2_000


def noticed(host: Host | None, component: str, working: str) -> None:
    """Follow what was found: begin an incident, make it graver, end it. In a transaction."""
    rows = Incident.objects.select_for_update(of=("self",)).filter(
        host=host, component=component, is_noticed=True, ended_at__isnull=True
    )
    incident = rows.first()
    if working == Working.UP:
        rows.update(ended_at=timezone.now())
    elif incident is None:
        Incident.objects.create(
            host=host, component=component, working=working, began_at=timezone.now()
        )
    elif working == Working.DOWN:
        rows.update(working=working)


def told(component: str, text: str, working: str = Working.DOWN) -> Incident:
    """The operator's own; it is shown at every host. Raises InvalidField."""
    if component not in Component.values:
        raise InvalidField("component", f"There are {', '.join(Component.values)}.")
    return Incident.objects.create(
        component=component,
        working=working,
        is_noticed=False,
        text=_checked(text),
        began_at=timezone.now(),
    )


@transaction.atomic
def note(incident_id: int, text: str, *, is_over: bool = False) -> Incident:
    """Add a line to an incident, and end it. Raises NoSuchThing, InvalidField."""
    incident = Incident.objects.select_for_update(of=("self",)).filter(pk=incident_id).first()
    if incident is None:
        raise NoSuchThing(f"There is no incident {incident_id}.")
    if text or not is_over:
        incident.text = f"{incident.text}\n{_checked(text)}".strip()[-TEXT_MAX:]
    if is_over:
        incident.ended_at = incident.ended_at or timezone.now()
    incident.save(update_fields=["text", "ended_at"])
    return incident


def lately(host: Host) -> QuerySet[Incident]:
    """Those that people of a host may have felt, the newest first."""
    felt = Incident.objects.filter(Q(host=host) | Q(host=None))
    recent = felt.filter(began_at__gt=timezone.now() - SHOWN_FOR) | felt.filter(ended_at=None)
    return recent.order_by("-began_at")[:SHOWN_MAX]


def forget_old() -> None:
    """Hourly: what ended a year ago."""
    Incident.objects.filter(ended_at__lt=timezone.now() - timedelta(days=365)).delete()


def _checked(text: str) -> str:
    said = " ".join(text.split())
    if not 0 < len(said) <= TEXT_MAX:
        raise InvalidField("text", f"Write a sentence of at most {TEXT_MAX} characters.")
    return said
