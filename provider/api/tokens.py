"""Tokens of the REST API: made, found by their text, revoked.

160 random bits need no slow hash: a token is found by the SHA-256 of its text, so nothing that is
compared depends on how much of a guess was right.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from hosting.models import StaffUser, Tenant
from provider.errors import InvalidField, NameTaken, NoSuchThing
from provider.models import ApiToken

PREFIX: Final = "grove_"  # so that scanners of source code know one
TEXT: Final = re.compile(PREFIX + "[a-z2-7]{32}")
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_USED_AGAIN_AFTER: Final = timedelta(minutes=5)  # spares a write at every call


class Scope(StrEnum):
    """What a token may do: `<resource>:read` or `:write`, within its tenant."""

    TENANTS_READ = "tenants:read"
    TENANTS_WRITE = "tenants:write"
    TENANTS_EXPORT = "tenants:export"  # all that is a tenant's, passwords' hashes too
    HOSTS_READ = "hosts:read"
    HOSTS_WRITE = "hosts:write"  # settings and handle domains, too
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    ACCOUNTS_EXPORT = "accounts:export"  # everything of a person, private data too
    MODERATION_READ = "moderation:read"  # reports and cases
    MODERATION_WRITE = "moderation:write"
    LABELS_READ = "labels:read"
    LABELS_WRITE = "labels:write"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    INVITES_READ = "invites:read"
    INVITES_WRITE = "invites:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    AUDIT_READ = "audit:read"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    PLANS_READ = "plans:read"
    PLANS_WRITE = "plans:write"
    USAGE_READ = "usage:read"


def create(
    name: str,
    tenant: Tenant | None,
    scopes: Collection[str],
    lifetime: timedelta | None = None,
    staff: StaffUser | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; its row, and its text, which nobody can read again. `staff`: in whose name, and
    with whose role, it acts on cases.

    Raises InvalidField, NameTaken.
    """
    if not _NAME.fullmatch(name):
        raise InvalidField("name", "A name has up to 60 letters, digits, dots and dashes.")
    unknown = set(scopes) - set(Scope)
    if unknown or not scopes:
        said = ", ".join(sorted(unknown)) or "nothing"
        raise InvalidField("scopes", f"{said} is no scope; there are {', '.join(Scope)}.")
    text = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(32))
    try:
        with transaction.atomic():
            row = ApiToken.objects.create(
                name=name,
                tenant=tenant,
                staff=staff,
                scopes=sorted(scopes),
                digest=_digest(text),
                expires_at=timezone.now() + lifetime if lifetime else None,
            )
    except IntegrityError as fault:
        raise NameTaken(f"There is a token {name} already.") from fault
    return row, text


def find(text: str) -> ApiToken | None:
    """The token of that text, if it is still good. One statement, and one more now and then that
    notes its use."""
    if not TEXT.fullmatch(text):
        return None
    now = timezone.now()
    good = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    found = ApiToken.objects.filter(good, digest=_digest(text), revoked_at__isnull=True)
    token = found.select_related("tenant", "staff").first()
    if token is not None and _was_long_ago(token.last_used_at, now):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(name: str, tenant: Tenant | None) -> None:
    """End a token; the next call with it is refused. Raises NoSuchThing."""
    found = ApiToken.objects.filter(name=name, tenant=tenant, revoked_at__isnull=True)
    if not found.update(revoked_at=timezone.now()):
        raise NoSuchThing(f"There is no token {name}.")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _was_long_ago(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now - moment > _USED_AGAIN_AFTER
