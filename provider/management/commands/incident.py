"""`manage.py incident open|note|close|list`: what the operator says on the status pages."""

from typing import Any

from django.core.management import CommandParser

from provider.management.printing import ProviderCommand
from provider.models import Component, Incident, Working
from provider.pages.status import incidents

_LISTED_MAX = 50


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        opened = self.add_verb(verbs, "open", "Say that something does not work, at every host.")
        opened.add_argument("component", choices=Component.values)
        opened.add_argument("text", help="a sentence for people")
        opened.add_argument("--working", choices=["slow", "down"], default="down")
        note = self.add_verb(verbs, "note", "Add a sentence.")
        note.add_argument("id", type=int)
        note.add_argument("text")
        close = self.add_verb(verbs, "close", "Say that it is over.")
        close.add_argument("id", type=int)
        close.add_argument("text", nargs="?", default="")
        self.add_verb(verbs, "list", "The newest first.")

    def do_open(self, options: dict[str, Any]) -> dict[str, Any]:
        """It, with its number."""
        working = Working(options["working"])
        return _shown(incidents.told(options["component"], options["text"], working))

    def do_note(self, options: dict[str, Any]) -> dict[str, Any]:
        """It, with all that was said."""
        return _shown(incidents.note(options["id"], options["text"]))

    def do_close(self, options: dict[str, Any]) -> dict[str, Any]:
        """It, with its end."""
        return _shown(incidents.note(options["id"], options["text"], is_over=True))

    def do_list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each."""
        return [_shown(each) for each in Incident.objects.order_by("-began_at")[:_LISTED_MAX]]


def _shown(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.pk,
        "component": incident.component,
        "working": incident.working,
        "began": incident.began_at,
        "ended": incident.ended_at,
        "text": incident.text,
    }
