"""`manage.py host NAME`: what the provider sets for one host, and no tenant can.

The admin password and the moderation service open com.atproto.admin.*; the outside captcha is asked
by accounts.signup.captcha. Secrets come in on standard input, a line each, so that no list of
processes and no shell's history has them.
"""

import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import MinimumLengthValidator, validate_password
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, CommandParser

from hosting import signals
from hosting.models import Host
from hosting.tenancy import routing
from protocol.syntax import is_did
from server.encryption import keyring

_PASSWORD_MIN_CHARACTERS = 12
_SERVICES = {
    "appview_url": "the app view that answers what the host does not",
    "appview_did": "its DID",
    "appview_cdn": "its images: a URL with {preset}, {did} and {cid}",
    "report_url": "the service that takes reports",
    "report_did": "its DID",
    "moderation_url": "the moderation service's URL, which answers tools.ozone.*",
}


class Command(BaseCommand):
    """Change what is given, leave the rest; without options only say how the host is set."""

    help = "Set a host's admin password, moderation service and outside captcha; request a crawl."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the host's name: pds.acme.example")
        parser.add_argument("--moderation-did", help="who may use com.atproto.admin.*; '': nobody")
        for name, what in _SERVICES.items():
            parser.add_argument(f"--{name.replace('_', '-')}", help=f"{what}; '': the deployment's")
        parser.add_argument(
            "--request-crawl", action="store_true", help="ask the relays of GROVE_CRAWLERS now"
        )
        parser.add_argument(
            "--moved-copy-kept-days",
            help="days that copies of accounts are kept which moved away from its tenant; '': until"
            " their owners delete them",
        )
        parser.add_argument("--captcha-verify-url", help="of an outside captcha; '': our puzzle")
        parser.add_argument("--captcha-site-key", help="the public half of its keys")
        parser.add_argument(
            "--read-captcha-secret", action="store_true", help="a line of standard input"
        )
        parser.add_argument(
            "--read-admin-password", action="store_true", help="a line of standard input"
        )

    def handle(self, **options: Any) -> None:
        host = Host.objects.named(options["name"]).first()
        if host is None:
            raise CommandError(f"No host is named {options['name']}.")
        for field in ("moderation_did", "captcha_verify_url", "captcha_site_key", *_SERVICES):
            if options[field] is not None:
                setattr(host, field, options[field])
        if options["read_captcha_secret"]:
            host.captcha_secret = keyring.wrap(_line().encode())
        if options["read_admin_password"]:
            host.admin_password = make_password(_password())
        _save(host)
        if options["moved_copy_kept_days"] is not None:
            _keep_moved_copies(host, options["moved_copy_kept_days"])
        self.stdout.write(_described(host))
        if options["request_crawl"]:
            self.stdout.write(_crawl_requested(host))


def _save(host: Host) -> None:
    for did in (host.moderation_did, host.report_did, host.appview_did):
        if did and not is_did(did):
            raise CommandError(f"{did} is not a DID.")
    for name in ("moderation_url", "report_url", "appview_url"):
        setattr(host, name, getattr(host, name).rstrip("/"))
    try:
        host.full_clean()
    except ValidationError as fault:
        raise CommandError("; ".join(fault.messages)) from fault
    host.save()
    routing.forget()


def _keep_moved_copies(host: Host, days: str) -> None:
    """For how long the tenant keeps the copy of an account that moved away."""
    if days and not days.isdecimal():
        raise CommandError(f"{days} is not a number of days.")
    host.tenant.moved_copy_kept_days = int(days) if days else None
    try:
        host.tenant.full_clean()
    except ValidationError as fault:
        raise CommandError("; ".join(fault.messages)) from fault
    host.tenant.save()


def _crawl_requested(host: Host) -> str:
    """Ask the relays; what each of them said."""
    if not settings.CRAWLERS:
        raise CommandError("No relay to ask: name them in GROVE_CRAWLERS.")
    answers: list[tuple[Any, Any]] = signals.crawl_requested.send(sender=Host, host=host)
    failures: dict[str, str] = {}
    for _, answer in answers:
        failures |= answer
    said = [f"{relay}: {failure or 'asked'}" for relay, failure in failures.items()]
    if any(failures.values()):
        raise CommandError("; ".join(said))
    return "\n".join(said)


def _described(host: Host) -> str:
    captcha = host.captcha_verify_url or "our own puzzle"
    has_admin = "set" if host.admin_password else "none"
    moderator = host.moderation_did or "none"
    days = host.tenant.moved_copy_kept_days
    kept = f"; copies of moved accounts kept {days} days" if days else ""
    return (
        f"{host.hostname}: sign-up {host.admission}; admin password {has_admin};"
        f" moderation service {moderator}; captcha {captcha};"
        f" app view {host.appview_did or 'default'}; reports {host.report_did or 'default'}{kept}"
    )


def _line() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise CommandError("Standard input is empty.")
    return line


def _password() -> str:
    password = _line()
    try:
        MinimumLengthValidator(_PASSWORD_MIN_CHARACTERS).validate(password)
        validate_password(password)
    except ValidationError as fault:
        raise CommandError(" ".join(fault.messages)) from fault
    return password
