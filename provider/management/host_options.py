"""What of a host a command sets: its settings, and secrets from standard input, a line each."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import MinimumLengthValidator, validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import transaction

from hosting.models import Host
from hosting.tenancy import routing
from moderation import audit
from moderation.models import AuditEntry
from provider.tenancy import host_settings
from server.encryption import keyring

_PASSWORD_MIN_CHARACTERS = 12


def add_settings(parser: ArgumentParser) -> None:
    """Have a verb take every setting of a host."""
    for setting in host_settings.SETTINGS:
        parser.add_argument(f"--{setting.name}", help=str(setting.what))
    parser.add_argument(
        "--read-captcha-secret", action="store_true", help="a line of standard input"
    )
    parser.add_argument(
        "--read-admin-password", action="store_true", help="a line of standard input"
    )
    parser.add_argument(
        "--request-crawl", action="store_true", help="ask the relays of GROVE_CRAWLERS now"
    )


@transaction.atomic
def change(host: Host, options: dict[str, Any], by: str | None = None) -> list[str]:
    """What was asked for, all of it or nothing."""
    named = {name: options[name.replace("-", "_")] for name in host_settings.BY_NAME}
    given = {name: value for name, value in named.items() if value is not None}
    said = host_settings.change(host, given, by)
    secrets = []
    if options["read_captcha_secret"]:
        host.captcha_secret = keyring.wrap(_line().encode())
        secrets.append("captcha-secret: set")
    if options["read_admin_password"]:
        host.admin_password = make_password(_password())
        secrets.append("admin-password: set")
    host.save(update_fields=["captcha_secret", "admin_password"])
    if secrets and by is not None:
        action = AuditEntry.Action.HOST_CHANGE_SETTINGS
        audit.record_at_host(by, host, action, "; ".join(secrets))
    transaction.on_commit(routing.forget)
    return said + secrets


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
