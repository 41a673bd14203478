"""What the provider may set for one host: a typed table, and where each value comes from.

A setting lies in the host's row, in its tenant's, or in the row of its e-mails' sender. One that a
host leaves empty is the deployment's (docs/operators/configuration.md).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from hosting.mail.emails import sender_of
from hosting.mail.models import Sender
from hosting.models import Host, StaffUser, Tenant
from hosting.tenancy import routing
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed, NotAllowed
from protocol.syntax import is_did
from provider.errors import InvalidField, first_fault

Value = str | int | bool | None
_PLACEHOLDER: Final = re.compile(r"\{(preset|did|cid)\}")
HISTORY_LOOKED_AT: Final = 500
_HISTORY: Final = (AuditEntry.Action.HOST_CHANGE_SETTINGS, AuditEntry.Action.HOST_CHANGE_ADMISSION)


class Source(StrEnum):
    """Who says what a setting is."""

    PLATFORM = "platform"
    TENANT = "tenant"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `model` and `column` say where it lies; when that is empty, `platform` holds."""

    name: str  # of the option and of the key in a file: `appview-url`
    what: Any  # for people, translated when it is shown
    model: type[models.Model] = Host
    column: str = ""
    is_tenants: bool = False  # an owner of the tenant may change it, too
    platform: Callable[[], Value] = lambda: None

    @property
    def field(self) -> "models.Field[Any, Any]":
        """The column that holds it."""
        column = self.column or self.name.replace("-", "_")
        found: Any = self.model._meta.get_field(column)
        return cast("models.Field[Any, Any]", found)


@dataclass(frozen=True, slots=True)
class Current:
    """What a setting is now, and who says so."""

    setting: Setting
    value: Value
    source: Source


SETTINGS: Final = (
    Setting("admission", _("who may sign up"), is_tenants=True),
    Setting(
        "sign-up-limit-count",
        _("more sign-ups than this in ten minutes are held; empty: no limit"),
        is_tenants=True,
    ),
    Setting("did-method", _("of new accounts: plc or web; decide it before the first sign-up")),
    Setting(
        "moderation-did",
        _("who may use com.atproto.admin.*"),
        platform=lambda: settings.REPORT_DID if settings.SANDBOX else "",
    ),
    Setting("moderation-url", _("its URL, which answers tools.ozone.*")),
    # Services are the provider's: with another's DID beside a URL of their own, an owner would be
    # sent people's tokens for that service.
    Setting(
        "appview-url",
        _("the app view that answers what the host does not"),
        platform=lambda: settings.APPVIEW_URL,
    ),
    Setting("appview-did", _("its DID"), platform=lambda: settings.APPVIEW_DID),
    Setting(
        "appview-cdn",
        _("its images: a URL with {preset}, {did} and {cid}"),
        platform=lambda: settings.APPVIEW_CDN,
        is_tenants=True,
    ),
    Setting("app-url", _("the tenant's own app, if it has one"), is_tenants=True),
    Setting(
        "report-url",
        _("the service that takes reports"),
        platform=lambda: settings.REPORT_URL,
    ),
    Setting("report-did", _("its DID"), platform=lambda: settings.REPORT_DID),
    Setting(
        "blob-limit-bytes", _("the largest file"), platform=lambda: int(settings.BLOB_LIMIT_BYTES)
    ),
    Setting(
        "blob-quota-bytes",
        _("all files of one account together; 0: no quota"),
        platform=lambda: int(settings.BLOB_QUOTA_BYTES),
    ),
    # The provider's: its secret, which nobody is shown, goes to that URL
    Setting("captcha-verify-url", _("of an outside captcha; empty: our puzzle")),
    Setting("captcha-site-key", _("the public half of its keys")),
    Setting(
        "sender-address",
        _("where its e-mails come from"),
        Sender,
        "address",
        platform=lambda: str(settings.MAIL_FROM),
    ),
    Setting(
        "sender-language",
        _("of e-mails to people who chose none"),
        Sender,
        "language",
        is_tenants=True,
    ),
    Setting(
        "sign-in-alerts",
        _("whether people hear of sign-ins from new places"),
        Sender,
        "has_sign_in_alerts",
        is_tenants=True,
    ),
    Setting(
        "moved-copy-kept-days",
        _(
            "days that copies of accounts that moved away are kept, at all hosts of the tenant;"
            " empty: until their owners delete them"
        ),
        Tenant,
        is_tenants=True,
    ),
    Setting(
        "wants-second-factors",
        _("whether its tenant's people (at all hosts) are asked for a second factor"),
        Tenant,
        is_tenants=True,
    ),
)
BY_NAME: Final[Mapping[str, Setting]] = {setting.name: setting for setting in SETTINGS}


def current(host: Host) -> Iterator[Current]:
    """Every setting, with what holds at the host now."""
    rows = _rows(host)
    for setting in SETTINGS:
        value: Value = getattr(rows[setting.model], setting.field.attname)
        if value not in (None, ""):
            source = Source.TENANT if setting.model is Tenant else Source.HOST
            yield Current(setting, value, source)
        else:
            yield Current(setting, setting.platform(), Source.PLATFORM)


def change_by_staff(
    staff: StaffUser, host: Host, name: str, value: object, reason: str
) -> list[str]:
    """Set one setting: platform staff any, an owner what is the tenant's to say.

    Raises NotAllowed, ReasonNeeded, InvalidField.
    """
    reason = permissions.checked(staff, Deed.SETTINGS_CHANGE, host.tenant_id, reason)
    if not may_change(staff, BY_NAME[name]):
        raise NotAllowed
    return change(host, {name: value}, staff, reason)


def may_change(staff: StaffUser, setting: Setting) -> bool:
    """Whether the setting is for them to say, once their role is to change any."""
    return setting.is_tenants or staff.is_platform_staff


def history(host: Host, setting: Setting) -> list[AuditEntry]:
    """The entries that changed it lately, the newest first, by whatever way; of HISTORY_LOOKED_AT
    changes of the tenant's settings."""
    hosts = Host.objects.filter(tenant=host.tenant_id) if setting.model is Tenant else [host]
    found = AuditEntry.objects.filter(host__in=hosts, action__in=_HISTORY).select_related("staff")
    return [each for each in found.order_by("-pk")[:HISTORY_LOOKED_AT] if _is_about(each, setting)]


def _is_about(entry: AuditEntry, setting: Setting) -> bool:
    if entry.action == AuditEntry.Action.HOST_CHANGE_ADMISSION:
        return setting.name in ("admission", "sign-up-limit-count")
    return f"{setting.name}: " in entry.reason.replace("_", "-")


@transaction.atomic
def change(
    host: Host, values: Mapping[str, object], by: Actor | None = None, reason: str = ""
) -> list[str]:
    """Set some settings by name, all or none; what each was and is: `admission: open -> invite`.

    Values may be text, as on a command line (`on`, `90`, `""` for the platform's). What somebody
    changes is in the audit log; what is set while a host is made is part of that. Raises
    InvalidField.
    """
    rows, said = _rows(host), []
    changed: dict[type[models.Model], list[str]] = {}
    for name, given in values.items():
        setting = BY_NAME.get(name)
        if setting is None:
            raise InvalidField(name, f"There is no setting {name}.")
        row, column = rows[setting.model], setting.field.attname
        before, after = getattr(row, column), _parsed(setting, given)
        if before != after:
            setattr(row, column, after)
            changed.setdefault(setting.model, []).append(setting.field.name)
            said.append(f"{name}: {shown(before)} -> {shown(after)}")
    for model, names in changed.items():
        _save(rows[model], names)
    if said and by is not None:
        audit.record_at_host(by, host, AuditEntry.Action.HOST_CHANGE_SETTINGS, _noted(said, reason))
    if said:
        transaction.on_commit(routing.forget)
    return said


def _noted(said: list[str], reason: str) -> str:
    return "; ".join(said) + (f": {reason}" if reason else "")


def _rows(host: Host) -> dict[type[models.Model], models.Model]:
    return {Host: host, Tenant: host.tenant, Sender: sender_of(host)}


def _parsed(setting: Setting, given: object) -> Value:
    """The value as the column has it."""
    field = setting.field
    if given in ("", None):
        return None if field.null else _empty(field)
    if isinstance(field, models.BooleanField):
        return _switch(setting.name, given)
    if isinstance(field, models.URLField):
        given = str(given).rstrip("/")
    if setting.name == "appview-cdn" or isinstance(field, models.URLField):
        _check_url(setting.name, str(given))
    if setting.name.endswith("-did") and not is_did(str(given)):
        raise InvalidField(setting.name, f"{given} is not a DID.")
    try:
        value: Value = field.to_python(given)
    except ValidationError as fault:
        raise InvalidField(setting.name, " ".join(fault.messages)) from fault
    return value


def _check_url(name: str, given: str) -> None:
    """Raises InvalidField for what browsers and servers could not ask; `{preset}`, `{did}` and
    `{cid}` stand for themselves."""
    filled = _PLACEHOLDER.sub("x", given)
    try:
        parts = urlsplit(filled)
        is_url = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or re.search(r"[\s{}<>\"'\\\\]", filled):
        raise InvalidField(name, f"{given[:80]} is not a URL.", _("Enter a URL with https."))


def _empty(field: "models.Field[Any, Any]") -> Value:
    """What an empty text stands for in a column that is never null."""
    return field.get_default() if field.has_default() else ""


def _switch(name: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    if given not in ("on", "off"):
        raise InvalidField(name, f"{given} is neither on nor off.")
    return given == "on"


def shown(value: object) -> str:
    """A value as a line for people has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value in (None, "") else str(value)


def _save(row: models.Model, columns: list[str]) -> None:
    """Write these columns alone: others change the rest at the same moment (a suspension)."""
    try:
        row.full_clean()
    except ValidationError as fault:
        found = first_fault(fault)
        names = (each.name for each in SETTINGS if each.field.name == found.field)
        raise InvalidField(next(names, found.field), found.message) from fault
    row.save(update_fields=None if row.pk is None else columns)
