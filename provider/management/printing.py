"""What the commands of this package print: lines for people, or one JSON document (`--json`)."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.management import BaseCommand, CommandError

from protocol.errors import XrpcError

Row = Mapping[str, Any]


class ProviderCommand(BaseCommand):
    """A command of several verbs. A verb `do_<name>` returns rows; a refusal is one sentence, its
    field's option in front of it, and exit status 1 (with --json: the envelope of XRPC errors)."""

    requires_system_checks = ()

    def add_verb(self, verbs: Any, name: str, what: str) -> ArgumentParser:
        """The parser of one verb."""
        parser: ArgumentParser = verbs.add_parser(name, help=what, description=what)
        parser.add_argument("--json", action="store_true", help="print JSON")
        return parser

    def handle(self, **options: Any) -> None:
        """Run the verb, and print what it returns."""
        try:
            found = getattr(self, f"do_{options['verb'].replace('-', '_')}")(options)
        except XrpcError as refusal:
            raise CommandError(self._said(refusal, is_json=options["json"])) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2, default=str))
        else:
            for line in lines(found):
                self.stdout.write(line)

    def _said(self, refusal: XrpcError, *, is_json: bool) -> str:
        if is_json:
            envelope = {"error": refusal.name, "message": refusal.message}
            return json.dumps(envelope | ({"field": refusal.field} if refusal.field else {}))
        option = f"--{refusal.field.replace('_', '-')}: " if refusal.field else ""
        return f"{option}{refusal.message}"


def lines(found: Row | Sequence[Row], indent: str = "") -> Iterator[str]:
    """A list is a line for each row, a single one a line for each value."""
    if not isinstance(found, Mapping):
        for row in found:
            yield "  ".join(_text(value) for value in row.values()).rstrip()
        return
    width = max(map(len, found), default=0)
    for name, value in found.items():
        if isinstance(value, Mapping) and "value" not in value:
            yield f"{indent}{name}"
            yield from lines(value, indent + "  ")
        else:
            yield f"{indent}{name:<{width}}  {_text(value)}".rstrip()


def _text(value: object) -> str:
    if isinstance(value, Mapping):  # a setting
        return f"{_text(value['value'])} ({value['source']})".strip()
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)
