"""Consents: what an account granted to an app, and what it unticked.

A later sign-in of the same app may pass without a question when all that it asks for was granted
before; what was once unticked is asked again, unticked, and never granted in silence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from accounts.models import Account, OAuthConsent

CLIENTS_MAX: Final = 500  # of an account; the eldest is asked again
SCOPES_MAX: Final = 1_000  # of a client at an account; what is beyond is asked again


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answers of an account to an app so far, by scope as asked for."""

    granted: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()

    def covers(self, asked: Collection[str]) -> bool:
        """Whether every one of these was granted."""
        return self.granted.issuperset(asked)


def of(account: Account, client_id: str) -> Remembered:
    """What is remembered; nothing for an app that is new to the account."""
    row = OAuthConsent.objects.filter(account=account, client_id=client_id).first()
    if row is None:
        return Remembered()
    return Remembered(frozenset(row.granted), frozenset(row.declined))


def remember(
    account: Account, client_id: str, granted: Collection[str], declined: Collection[str]
) -> None:
    """Add answers to those of before; the newest about a scope counts. In the caller's transaction,
    which holds the account's row."""
    before = of(account, client_id)
    _trim(account)
    OAuthConsent.objects.update_or_create(
        account=account,
        client_id=client_id,
        defaults={
            "granted": sorted((before.granted - set(declined)) | set(granted))[:SCOPES_MAX],
            "declined": sorted((before.declined - set(granted)) | set(declined))[:SCOPES_MAX],
        },
    )


def _trim(account: Account) -> None:
    rows = OAuthConsent.objects.filter(account=account).order_by("-updated_at", "-pk")
    surplus = list(rows.values_list("pk", flat=True)[CLIENTS_MAX - 1 :])
    OAuthConsent.objects.filter(pk__in=surplus).delete()


def forget(account: Account, client_id: str) -> None:
    """Have the app ask again."""
    with transaction.atomic():
        OAuthConsent.objects.filter(account=account, client_id=client_id).delete()
