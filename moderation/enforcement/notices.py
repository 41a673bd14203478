"""Notices: what an account's owner is told of a decision, by mail and on a page.

The row is written with the decision, in one transaction, and the mail with it. The page
(moderation.enforcement.pages) shows the same text for as long as the account is here. How a text
comes about: `notice_texts`.
"""

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from accounts.models import Account
from hosting.mail import emails, outbox
from hosting.mail.emails import sender_of
from hosting.models import Host
from moderation.enforcement import notice_texts
from moderation.models import Decision

APPEAL_WITHIN: Final = timedelta(
    days=183
)  # half a year, as the European Digital Services Act has it
WORDS_MAX_CHARS: Final = 5_000
PAGE: Final = "/account/decisions"


def tell(decision: Decision, account: Account, shown_handle: str = "") -> None:
    """Tell an account's owner of a decision, in the caller's transaction. Without an address the
    page alone tells. `shown_handle`: the one that the decision is about, when it is gone."""
    decision.told_at = timezone.now()
    decision.save(update_fields=["told_at"])
    handle = shown_handle or account.handle or account.did
    language = account.language or sender_of(account.host).language
    words = {
        "handle": handle,
        "lead": lead(decision, account.host, handle, language),
        "decision": decision,
        "url": f"{account.host.origin}{PAGE}/{decision.pk}",
    }
    _post(account, emails.DECISION, words)


def tell_outcome(decision: Decision, account: Account) -> None:
    """Tell how the appeal ended, in the caller's transaction."""
    words = {
        "handle": account.handle or account.did,
        "decision": decision,
        "is_reversed": decision.outcome == Decision.Outcome.REVERSED,
        "url": f"{account.host.origin}{PAGE}/{decision.pk}",
    }
    _post(account, emails.APPEAL_DECIDED, words)


def lead(decision: Decision, host: Host, handle: str, language: str) -> str:
    """What happened, in the tenant's words or ours."""
    with override(language):
        until = date_format(decision.until, "Y-m-d H:i") + " UTC" if decision.until else ""
    values = {
        "handle": f"@{handle}" if not handle.startswith("did:") else handle,
        "tenant": host.tenant.name,
        "rule": decision.policy.name if decision.policy else "",
        "until": until,
        "record": decision.record,
    }
    return notice_texts.filled(notice_texts.text_of(host.tenant, decision.action, language), values)


def _post(account: Account, kind: emails.EmailKind, words: dict[str, object]) -> None:
    if account.email:
        outbox.post(
            account.host,
            account.email,
            kind,
            words,
            language=account.language or None,
            cause=account.did,
        )
