"""What notices say about an action: a text of ours in every language, or the tenant's own.

A text has placeholders in braces, of which PLACEHOLDERS is the list; what is put in is text and
never markup. What a notice must say beside it (the rule, how to appeal, until when, how to leave)
is not the tenant's to leave out: `templates/mail/decision.txt`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from hosting.models import Host, StaffUser, Tenant
from moderation import audit, permissions
from moderation.models import AuditEntry, NoticeText
from moderation.permissions import Deed
from protocol.errors import InvalidRequest

TEXT_MAX_CHARS: Final = 5_000
PLACEHOLDERS: Final = ("handle", "tenant", "rule", "until", "record")
_PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")
_BRACED: Final = re.compile(r"\{([^{}]*)\}")
DEFAULTS: Final[Mapping[str, str | Promise]] = {
    "take_down": _("Your account {handle} was taken down. Nobody sees it, and you cannot post."),
    "take_down_record": _(
        "A record of your account {handle} is hidden here: {record}. It stays in your signed"
        " repository and in the stream, so other services may show it."
    ),
    "take_down_blob": _("A file of your account {handle} was removed from sight."),
    "suspend": _(
        "Your account {handle} is suspended until {until}. Nobody sees it until then, and you"
        " cannot post."
    ),
    "warn": _("The staff of {tenant} warn you about your account {handle}."),
    "remove_handle": _("The handle {handle} was taken from your account. You can choose another."),
    "block_uploads": _("Your account {handle} may not upload files any more."),
    "force_password_reset": _(
        "You were signed out of your account {handle} everywhere. Set a new password to sign in."
    ),
    "strike": _("Your account {handle} got a strike."),
}


class UnfitText(InvalidRequest):
    """400: a placeholder that there is not."""

    message = "The text has a placeholder that there is not"
    page_text = _("Use these placeholders only: {handle}, {tenant}, {rule}, {until}, {record}.")
    field = "text"


def text_of(tenant: Tenant, action: str, language: str) -> str:
    """The text for one action in one language, with its placeholders: the tenant's own, else
    ours."""
    own = NoticeText.objects.filter(tenant=tenant, action=action, language=language).first()
    if own is not None:
        return own.text
    with override(language):
        return str(DEFAULTS[action])


def own_texts(tenant: Tenant, action: str) -> dict[str, str]:
    """The tenant's own texts for an action, by language."""
    found = NoticeText.objects.filter(tenant=tenant, action=action)
    return dict(found.values_list("language", "text"))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, in one pass: values are not looked at again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group(0)), text)


def change(actor: StaffUser, host: Host, action: str, language: str, text: str) -> None:
    """Set the tenant's own text, or go back to ours with an empty one; on the record at `host`.

    Raises NotAllowed, UnfitText, InvalidRequest for an action or a language that there is not.
    """
    permissions.require(actor, Deed.NOTICES_CHANGE, host.tenant_id)
    text = text.strip()
    if action not in DEFAULTS or language not in dict(settings.LANGUAGES):
        raise InvalidRequest("No such action or language")
    if len(text) > TEXT_MAX_CHARS or set(_BRACED.findall(text)) - set(PLACEHOLDERS):
        raise UnfitText
    with transaction.atomic():
        mine: dict[str, Any] = {"tenant": host.tenant, "action": action, "language": language}
        if text:
            NoticeText.objects.update_or_create(**mine, defaults={"text": text})
        else:
            NoticeText.objects.filter(**mine).delete()
        audit.record_at_host(
            actor, host, AuditEntry.Action.NOTICE_CHANGE_TEXT, f"{action}, {language}"
        )
