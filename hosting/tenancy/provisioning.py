"""Makes tenants and hosts: the sandbox's two on first start, any other by its operator.

A host gets everything it needs to stand alone: its service DID (did:web of its host name, a port
percent-encoded, https://w3c-ccg.github.io/did-method-web/), a token secret and a did:plc rotation
key, both wrapped by the keyring.
"""

import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from hosting.models import HandleDomain, Host, StaffUser, Tenant
from hosting.models.tenants import service_did
from protocol.keys import SigningKey
from server.encryption import keyring

logger = structlog.stdlib.get_logger(__name__)
TOKEN_SECRET_BYTES = 32  # HS256: as long as the hash, RFC 7518 section 3.2


@transaction.atomic
def create_host(tenant: Tenant, hostname: str, origin: str, domains: Sequence[str]) -> Host:
    """Make a host of a tenant with its handle domains, the first one being the default.

    `origin` is the public URL without a trailing slash; each domain begins with a dot.
    """
    rotation_key = SigningKey.generate("k256")
    host = Host(
        tenant=tenant,
        hostname=hostname.lower(),
        origin=origin,
        service_did=service_did(origin),
        admission=_admission(),
        sign_up_limit_count=settings.SIGN_UP_VELOCITY_LIMIT or None,
        token_secret=keyring.wrap(secrets.token_bytes(TOKEN_SECRET_BYTES)),
        rotation_key=keyring.wrap(rotation_key.secret),
        rotation_did_key=rotation_key.did_key,
    )
    host.full_clean()
    if host.hostname == settings.RELAY_HOST:
        raise ValidationError({"hostname": "This name is the relay's (GROVE_RELAY_HOST)."})
    host.save()
    for position, name in enumerate(domains):
        HandleDomain.objects.create(host=host, name=name.lower(), position=position)
    return host


@transaction.atomic
def seed_sandbox() -> None:
    """Make or adjust the sandbox's tenants and hosts; safe to repeat."""
    ash = _sandbox_host("ash", "Ash", settings.PUBLIC_URL, ".test")
    birch_origin = _birch_origin(settings.PUBLIC_URL)
    birch = _sandbox_host("birch", "Birch", birch_origin, ".birch.test")
    for host in (ash, birch):
        _adjust(host)


def check_keys() -> None:
    """Whether the key-encryption keys are those of this database. Raises `keyring.KeyringError`: a
    start that went on would wrap new accounts' keys under a key that the others do not know."""
    host = Host.objects.order_by("id").first()
    if host is not None:
        keyring.unwrap(bytes(host.token_secret))


def seed_admin() -> None:
    """Make or adjust `admin`, the provider's first member of staff; safe to repeat."""
    admin, _ = StaffUser.objects.get_or_create(
        username="admin",
        defaults={"is_staff": True, "is_superuser": True, "is_platform_staff": True},
    )
    password = settings.ADMIN_PASSWORD
    if password and not admin.check_password(password):
        admin.set_password(password)
        admin.save()
    if password and not settings.SANDBOX:
        _warn_of_weak(password, admin)


def _warn_of_weak(password: str, admin: StaffUser) -> None:
    """Refused it is not: a platform that ran with it until now must still start."""
    try:
        validate_password(password, admin)
    except ValidationError as weakness:
        said = " ".join(weakness.messages)
        logger.warning("GROVE_ADMIN_PASSWORD is weak, choose another", reason=said)


def _sandbox_host(slug: str, name: str, origin: str, domain: str) -> Host:
    tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
    host = Host.objects.filter(handle_domains__name=domain, tenant=tenant).first()
    hostname = urlsplit(origin).hostname or "localhost"
    if host is None:
        return create_host(tenant, hostname, origin, [domain])
    host.hostname, host.origin, host.service_did = hostname, origin, service_did(origin)
    return host


def _birch_origin(public_url: str) -> str:
    """The second tenant lives one name below the first, on the same port."""
    scheme, _, rest = public_url.partition("://")
    return f"{scheme}://birch.{rest}"


def _admission() -> Host.Admission:
    return Host.Admission.INVITE if settings.INVITES_REQUIRED else Host.Admission.OPEN


def _adjust(host: Host) -> None:
    """Follow the environment: it may have changed since the last start."""
    if host.has_invites_required != settings.INVITES_REQUIRED:
        host.admission = _admission()
    host.sign_up_limit_count = settings.SIGN_UP_VELOCITY_LIMIT or None
    password = settings.ADMIN_PASSWORD
    if password and not check_password(password, host.admin_password):
        host.admin_password = make_password(password)
    host.save()
