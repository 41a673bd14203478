"""Kinds of e-mail that a host sends: a subject and two templates each, text and HTML.

The templates are `templates/mail/<name>.txt` and `.html`, or those of `template`; each gets the
host, its tenant (name, colour, support address) and the e-mail's own context. Subjects of the
e-mails with codes are those that people know from other hosts (the reference PDS).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import linebreaks, strip_tags
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from hosting.limits.budgets import DAY_S, HOUR_S, Budget
from hosting.mail.models import Sender
from hosting.models import Host
from hosting.pages import colours
from server.database import connection, model_rows

CODE_LIVES: Final = timedelta(minutes=15)
_BACKGROUND: Final = "#ffffff"
_TAG: Final = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
_BLANK_LINES: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class EmailKind:
    """One kind of e-mail. `subject` may name values of the context: `%(name)s`. What did not leave
    within `valid_for` is not sent any more. `budgets`: so many to one recipient.

    `is_asked_for`: whoever makes us write it waits for it, and is told when a budget is spent; the
    others are warnings, which then are left out. `template`: of kinds that share one."""

    name: str
    subject: str | Promise
    valid_for: timedelta = timedelta(days=2)
    budgets: tuple[Budget, ...] = (Budget(9, HOUR_S), Budget(30, DAY_S))
    is_asked_for: bool = False
    template: str = ""


@dataclass(frozen=True)
class RenderedEmail:
    """An e-mail as it will be read."""

    subject: str
    text: str
    html: str


_with_code = partial(EmailKind, valid_for=CODE_LIVES, is_asked_for=True)
CONFIRM_EMAIL = _with_code("confirm_email", _("Email Confirmation"))
UPDATE_EMAIL = _with_code("update_email", _("Email Update Requested"))
RESET_PASSWORD = _with_code("reset_password", _("Password Reset Requested"))
DELETE_ACCOUNT = _with_code("delete_account", _("Account Deletion Requested"))
PLC_OPERATION = _with_code("plc_operation", _("PLC Update Operation Requested"))
SIGN_IN_CODE = _with_code("sign_in_code", _("Your Sign-in Code"))
SIGN_IN_ALERT = EmailKind(
    "sign_in_alert", _("Sign-in From a New Place"), budgets=(Budget(3, DAY_S),)
)
STAFF_SIGN_IN = EmailKind("staff_sign_in", _("Sign-in From a New Place"))  # to a member of staff
STAFF_INVITE = EmailKind("staff_invite", _("You Are Invited to the Staff"), is_asked_for=True)
ACCOUNT_INVITE = EmailKind("account_invite", _("You Are Invited"), is_asked_for=True)
ACCESS_OPENED = EmailKind("access_opened", _("The Provider Works at Your Hosts"))  # to owners
STAFF_CHANGED = EmailKind("staff_changed", _("The Provider Changed Your Staff"))  # to owners
FACTOR_ALERT = EmailKind("factor_alert", _("A Change of Your Second Factors"))
PASSWORD_CHANGED = EmailKind("password_changed", _("Your Password Was Changed"))
# To an address that nobody had confirmed: its reader need not be the account's owner.
UNCONFIRMED_EMAIL_CHANGED = EmailKind(
    "unconfirmed_email_changed", _("An Account Does Not Use Your Address Any More")
)
DELETION_SCHEDULED = EmailKind("deletion_scheduled", _("Your Account Will Be Deleted"))
DELETION_REMINDER = EmailKind("deletion_reminder", _("Your Account Will Be Deleted Soon"))
ACCOUNT_DELETED = EmailKind("account_deleted", _("Your Account Was Deleted"))
MOVED_IN = EmailKind("moved_in", _("Your Account Has Moved"))
ACTING_CHANGED = EmailKind("acting_changed", "%(subject)s", budgets=(Budget(20, DAY_S),))
ARCHIVE_READY = EmailKind("archive_ready", _("Your Archive Is Ready"))
SIGN_UP_APPROVED = EmailKind("sign_up_approved", _("Your Account Is Ready"))
SIGN_UP_REFUSED = EmailKind("sign_up_refused", _("Your Sign-up"))
SIGN_UPS_HELD = EmailKind("sign_ups_held", _("Sign-ups Are Being Held"))  # to the tenant itself
RELAY_ALERTS = EmailKind(  # to platform staff
    "relay_alerts", _("Hosts That the Relay Reads"), valid_for=timedelta(hours=6)
)
DECISION = EmailKind("decision", _("A Decision About Your Account"))
APPEAL_DECIDED = EmailKind("appeal_decided", _("Your Appeal Was Decided"))
# From the host's staff (com.atproto.admin.sendEmail): `from_staff` makes its context.
FROM_STAFF = EmailKind(
    "from_staff",
    "%(subject)s",
    budgets=(Budget(20, HOUR_S), Budget(100, DAY_S)),
    is_asked_for=True,
)

ALL: Mapping[str, EmailKind] = {
    kind.name: kind
    for kind in (
        CONFIRM_EMAIL,
        UPDATE_EMAIL,
        RESET_PASSWORD,
        DELETE_ACCOUNT,
        PLC_OPERATION,
        SIGN_IN_CODE,
        SIGN_IN_ALERT,
        STAFF_SIGN_IN,
        STAFF_INVITE,
        ACCOUNT_INVITE,
        ACCESS_OPENED,
        STAFF_CHANGED,
        FACTOR_ALERT,
        PASSWORD_CHANGED,
        UNCONFIRMED_EMAIL_CHANGED,
        DELETION_SCHEDULED,
        DELETION_REMINDER,
        ACCOUNT_DELETED,
        MOVED_IN,
        ACTING_CHANGED,
        ARCHIVE_READY,
        SIGN_UP_APPROVED,
        SIGN_UP_REFUSED,
        SIGN_UPS_HELD,
        RELAY_ALERTS,
        DECISION,
        APPEAL_DECIDED,
        FROM_STAFF,
    )
}


def from_staff(subject: str, content: str) -> dict[str, Any]:
    """The context of FROM_STAFF. `content` is text, or HTML where it holds tags, as moderation
    tools write it; whoever may send one is trusted with both."""
    has_tags = _TAG.search(content) is not None
    html = content if has_tags else linebreaks(content, autoescape=True)
    return {
        "subject": subject,
        "content_text": _BLANK_LINES.sub("\n\n", strip_tags(content)) if has_tags else content,
        "content_html": mark_safe(html),  # noqa: S308 - see above
    }


def sender_of(host: Host) -> Sender:
    """How a host's e-mails look; one without a row has the defaults."""
    row = connection.row(_sender(), (host.pk,))
    return Sender(host=host) if row is None else model_rows.instance(Sender, row)


@cache
def _sender() -> str:
    columns = ", ".join(model_rows.columns(Sender))
    return f"SELECT {columns} FROM {Sender._meta.db_table} WHERE host_id = %s"  # noqa: S608 - names of our model


def write(host: Host, kind: EmailKind, context: Mapping[str, Any], language: str) -> RenderedEmail:
    """The e-mail in that language and the tenant's voice."""
    shown = {**_branding(host), **context}
    with translation.override(language):
        subject = " ".join((str(kind.subject) % shown).split())  # a header has one line
        shown = {**shown, "subject": subject, "language": language}
        template = f"mail/{kind.template or kind.name}"
        text = render_to_string(f"{template}.txt", shown).strip() + "\n"
        html = render_to_string(f"{template}.html", shown)
    return RenderedEmail(subject, text, html)


def _branding(host: Host) -> dict[str, Any]:
    accent = colours.readable_on(host.tenant.primary_colour, _BACKGROUND)
    return {
        "host": host,
        "tenant": host.tenant,
        "accent": accent,
        "on_accent": colours.text_on(accent),
    }
