"""Reports by anybody: of something on one host, from its public page, without an account.

Nothing is told of accounts but what resolveHandle tells. How many there may be is bounded a network
and a host; how much is copied as evidence, by one share for all of them together.
"""

import re
from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, Budget, Charge, bucket
from hosting.models import Host
from moderation.desk.reports import reports
from moderation.desk.subjects.subject import Subject
from moderation.models import Case, Report
from protocol.errors import InvalidRequest
from protocol.syntax import AtUri, InvalidSyntax, is_did, is_handle, normalize_handle

Kind = Case.Kind
OF_NETWORK: Final = bucket("public-reports", Budget(10, HOUR_S), Budget(30, DAY_S))
OF_HOST: Final = bucket("public-reports-of-host", Budget(2_000, DAY_S))
TEXT_MAX_CHARS: Final = 2_000
SUBJECT_MAX_CHARS: Final = 2_000
_DEFS: Final = "com.atproto.moderation.defs#"
_OZONE: Final = "tools.ozone.report.defs#"
# What a page of an app shows, by its address: bsky.app and those built like it.
_APP_LINK: Final = re.compile(r"https://[^/]+/profile/([^/?#]+)(?:/post/([^/?#]+))?/?(?:[?#].*)?")
REASONS: Final[Mapping[Case.Kind, str]] = {
    Kind.CHILD_SAFETY: f"{_OZONE}reasonChildSafetyOther",
    Kind.SELF_HARM: f"{_OZONE}reasonSelfHarmOther",
    Kind.VIOLENCE: f"{_OZONE}reasonViolenceOther",
    Kind.PRIVACY: f"{_OZONE}reasonHarassmentDoxxing",
    Kind.SEXUAL: f"{_DEFS}reasonSexual",
    Kind.HARASSMENT: f"{_DEFS}reasonRude",
    Kind.LEGAL: f"{_DEFS}reasonViolation",
    Kind.MISLEADING: f"{_DEFS}reasonMisleading",
    Kind.RULES: f"{_DEFS}reasonViolation",
    Kind.SPAM: f"{_DEFS}reasonSpam",
    Kind.OTHER: f"{_DEFS}reasonOther",
}


class NotOnThisHost(InvalidRequest):
    """400: no account of this host is meant."""

    field = "subject"
    message = "This is not on this host"
    page_text = _("Nothing of this name is on this server. Check the address.")


def file(host: Host, subject: str, kind: str, text: str, contact: str = "") -> Report:
    """Keep a report from outside; `subject` is an app's link, a handle, a DID or an at-URI.

    Raises NotOnThisHost, RateLimitExceeded.
    """
    about = find(host, subject)
    if settings.RATE_LIMITS:
        limits.spend_charges(host, [Charge(OF_HOST, ("all",))])
    draft = Report(
        host=host,
        source=Report.Source.PUBLIC,
        reported_by=contact,
        reason_type=REASONS[Kind(kind)],
        reason=text,
    )
    return reports.keep(draft, about, kind)


def find(host: Host, text: str) -> Subject:
    """What is meant. Raises NotOnThisHost."""
    who, path = _named(text.strip())
    name = who.removeprefix("@")
    if not (is_did(name) or is_handle(name)):
        raise NotOnThisHost
    known = Account.objects.of(host).open().named(name if is_did(name) else normalize_handle(name))
    did = known.values_list("did", flat=True).first()
    if did is None:
        raise NotOnThisHost
    return Subject(did, f"at://{did}/{path}" if path else "")


def _named(text: str) -> tuple[str, str]:
    """Who, and the path of a record. Raises NotOnThisHost."""
    if link := _APP_LINK.fullmatch(text):
        who, rkey = link.groups()
        return who, _checked(f"app.bsky.feed.post/{rkey}") if rkey else ""
    if not text.startswith("at://"):
        return text, ""
    who, _slash, path = text.removeprefix("at://").partition("/")
    return who, _checked(path) if path else ""


def _checked(path: str) -> str:
    """A record's path, if it is one. Raises NotOnThisHost."""
    try:
        uri = AtUri.parse(f"at://did:plc:{'a' * 24}/{path}")
    except InvalidSyntax:
        raise NotOnThisHost from None
    return f"{uri.collection}/{uri.rkey}" if uri.rkey else ""
