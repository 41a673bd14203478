"""`manage.py repo check|rebuild|remove-invalid|export|import|rotate-key`: for whole repos.

Only words and files here; what is done to a repo is a verb of `repos` or `accounts`. Progress goes
to stderr, findings to stdout. The exit status is 1 when a check finds damage or a repo fails.
`check --independent` asks for the second opinion, which uses none of our codecs; with `--json` its
report is an object a repo and line.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.identity import key_rotation
from accounts.models import Account
from protocol.errors import XrpcError
from protocol.mst import MstError
from repos.imports import car_file, importing
from repos.maintenance import check, invalid_paths, rebuild
from repos.maintenance.independent import repo_check
from repos.models import Repo
from repos.reads import exports, repos

_CHUNK_BYTES = 262_144
_WIDTH = 30

Verb = Callable[[Account], list[str]]  # what is wrong, as sentences


class Progress:
    """One line on stderr: how many repos are through, how many records of this one."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._did = ""

    def begin(self, did: str) -> None:
        self._did = did
        self.records(0)

    def end(self) -> None:
        self._done += 1
        if self._done == self._total:
            self.records(0)
            sys.stderr.write("\n")

    def records(self, count: int) -> None:
        """Called by the verbs as they read."""
        filled = _WIDTH * self._done // max(self._total, 1)
        bar = "#" * filled + "." * (_WIDTH - filled)
        records = f" {count} records" if count else ""
        sys.stderr.write(f"\r\x1b[K[{bar}] {self._done}/{self._total} {self._did}{records}")
        sys.stderr.flush()


class Command(BaseCommand):
    """See the module's docstring, which is also the command's help."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("check", "rebuild", "remove-invalid", "export", "import", "rotate-key"):
            sub = verbs.add_parser(verb)
            sub.add_argument("account", nargs="?", help="a handle or DID")
            if verb != "import":
                sub.add_argument("--all", action="store_true", help="every account")
            sub.add_argument("--host", help="only accounts of this host name")
            if verb == "check":
                sub.add_argument("--independent", action="store_true", help="by other libraries")
                sub.add_argument("--json", action="store_true", help="with --independent")
            if verb in ("export", "import"):
                kind = "file, or folder with --all" if verb == "export" else "file"
                sub.add_argument("--car", type=Path, required=True, help=f"CAR {kind}")

    def handle(self, *_args: object, **options: Any) -> None:
        """Run one verb over the accounts that were named."""
        if options.get("json") and not options["independent"]:
            raise CommandError("--json goes with --independent.")
        accounts = _accounts(options)
        total = accounts.count()
        if not total:
            raise CommandError("There is no such account.")
        progress = Progress(total)
        verb = _verb(options, progress, self.stdout.write)
        failed = 0
        for account in accounts.order_by("pk").select_related("host").iterator():
            progress.begin(account.did)
            damages = _tried(verb, account)
            progress.end()
            for damage in [] if options.get("json") else damages:
                self.stdout.write(f"{account.did}: {damage}")
            failed += bool(damages)
        if failed:
            raise CommandError(f"{failed} of {total} repos are damaged.")


def _accounts(options: dict[str, Any]) -> Any:
    """The accounts that the arguments mean. Raises CommandError."""
    is_all = options.get("all", False)
    if is_all == bool(options["account"]):
        raise CommandError("Name one account, or say --all.")
    accounts = Account.objects.open()
    if options["host"]:
        accounts = accounts.filter(host__hostname=options["host"])
    return accounts if is_all else accounts.named(options["account"])


def _verb(options: dict[str, Any], progress: Progress, out: Callable[[str], object]) -> Verb:
    car: Path | None = options.get("car")
    verbs: dict[str, Verb] = {
        "check": lambda account: _check(account, progress, options, out),
        "rebuild": lambda account: _rebuild(account, progress),
        "remove-invalid": lambda account: _remove_invalid(account, out),
        "rotate-key": _rotate_key,
    }
    if car is not None:
        is_all = options.get("all", False)
        verbs["export"] = lambda account: _export(account, _target(account, car, is_all))
        verbs["import"] = lambda account: _import(account, car, progress)
    return verbs[options["verb"]]


def _tried(verb: Verb, account: Account) -> list[str]:
    """What is wrong with one account; the others go on whatever it is."""
    try:
        return verb(account)
    except (XrpcError, MstError, OSError) as fault:
        return [str(fault) or type(fault).__name__]


def _check(
    account: Account, progress: Progress, options: dict[str, Any], out: Callable[[str], object]
) -> list[str]:
    if not options["independent"]:
        return check.check_repo(account.pk, progress.records).damages
    report = repo_check.check(account.pk, progress.records)
    if options["json"]:
        out(json.dumps(report.as_json()))
    return report.damages


def _rebuild(account: Account, progress: Progress) -> list[str]:
    rebuild.rebuild(account.pk, progress.records)
    return []


def _remove_invalid(account: Account, out: Callable[[str], object]) -> list[str]:
    """Say which records went, so that their owner can be told."""
    for path in invalid_paths.remove(repos.find_repo(account.host, account.did)):
        out(f"{account.did}: removed {path}")
    return []


def _export(account: Account, target: Path) -> list[str]:
    repo = repos.find_repo(account.host, account.did)
    with target.open("wb") as file:
        for chunk in exports.export_repo(repo):
            file.write(chunk)
    return []


def _import(account: Account, source: Path, progress: Progress) -> list[str]:
    with source.open("rb") as file, closing(car_file.receive(_chunks(file))) as received:
        try:
            importing.import_repo(account.pk, received, progress.records)
        finally:
            received.path.unlink(missing_ok=True)
    return []


def _rotate_key(account: Account) -> list[str]:
    if not Repo.objects.filter(pk=account.pk).exists():
        return ["there is no repo"]
    key_rotation.rotate_key(account)
    return []


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _target(account: Account, car: Path, is_all: bool) -> Path:
    """The file of an export; with --all, one for each DID in a folder."""
    if not is_all:
        return car
    car.mkdir(parents=True, exist_ok=True)
    return car / f"{account.did.replace(':', '_')}.car"
