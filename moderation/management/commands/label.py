"""`manage.py label put|negate|redact|list|retire`: what a tenant's labeler says.

A subject is a DID, or the at-URI of a record with a DID. Every change lands in the audit log, by
the member of staff whom `--by` names or else by `admin`. `redact` takes a label back and its words
out of the stream. `retire` takes back the declaration, all labels, and the labeler's place in its
identity; where somebody's account is the labeler, with the `--code` that they were mailed.
"""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from hosting.models import Host
from moderation.labels import changes, labelers, queries, retiring
from moderation.management import actors
from moderation.models import Label, Labeler
from protocol.errors import XrpcError

_LISTED_MAX = 1_000


class Command(BaseCommand):
    """See the module's docstring, which is also the command's help."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("put", "negate", "redact", "list", "retire"):
            sub = verbs.add_parser(verb)
            sub.add_argument("--host", required=True, help="a host name of the labeler's tenant")
            if verb == "list":
                sub.add_argument("uri", nargs="?", help="of one subject alone")
                continue
            if verb == "retire":
                sub.add_argument("--code", default="", help="from the account's e-mail")
            else:
                sub.add_argument("uri", help="a DID, or an at-URI with one")
                sub.add_argument("val", help="the label")
            sub.add_argument("--reason", required=True, help="for the audit log")
            sub.add_argument("--by", help="a member of staff's name")
            if verb == "put":
                sub.add_argument("--cid", default="", help="of the record's version")
                sub.add_argument("--until", help="when it ends, 2026-12-31T00:00:00Z")

    def handle(self, *_args: object, **options: Any) -> None:
        """One verb of the labeler of the host that was named."""
        labeler = _labeler(options["host"])
        if options["verb"] == "list":
            for label in _listed(labeler, options["uri"]):
                end = f" until {label.expires_at:%Y-%m-%dT%H:%M:%SZ}" if label.expires_at else ""
                self.stdout.write(f"{label.uri} {label.val}{end}")
            return
        try:
            is_news = _change(labeler, options)
        except XrpcError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("done" if is_news else "nothing to do")


def _change(labeler: Labeler, options: dict[str, Any]) -> bool:
    if options["verb"] == "retire":
        return _retire(labeler, options)
    uri, val, reason = options["uri"], options["val"], options["reason"]
    actor = actors.named(options["by"])
    if options["verb"] == "put":
        end = _until(options["until"])
        return changes.put(
            labeler, uri, val, actor=actor, reason=reason, cid=options["cid"], expires_at=end
        )
    verb = changes.negate if options["verb"] == "negate" else changes.redact
    return verb(labeler, uri, val, actor=actor, reason=reason)


def _retire(labeler: Labeler, options: dict[str, Any]) -> bool:
    """Every step that is left; it may be done again. Whether anything was."""
    actor = actors.named(options["by"])
    if labeler.state == Labeler.State.RETIRED:
        return False
    if labeler.is_at_work:
        retiring.withdraw(actor, labeler, options["reason"])
    retiring.take_back_labels_of(labeler)
    if not retiring.leave_identity(actor, labeler, options["code"]):
        raise CommandError("The PLC directory has not confirmed it yet: try again in a moment.")
    return True


def _listed(labeler: Labeler, uri: str | None) -> list[Label]:
    if uri:
        return list(queries.standing(labeler, uri))
    standing = Label.objects.of(labeler).current().filter(is_negation=False)
    return list(standing.order_by("-id")[:_LISTED_MAX])


def _labeler(hostname: str) -> Labeler:
    host = Host.objects.named(hostname).first()
    if host is None:
        raise CommandError(f"There is no host named {hostname}.")
    labeler = labelers.of_tenant(host.tenant_id)
    if labeler is None:
        raise CommandError(f"The tenant of {hostname} has no labeler: set one up in the console.")
    return labeler


def _until(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"Not a time with an offset: {text}")
    return moment
