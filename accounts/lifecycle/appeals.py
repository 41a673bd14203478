"""Appeals: somebody whose account was taken down asks the host's staff to look again.

Source: com.atproto.moderation.createReport with `reasonAppeal`. The package above files it as that
method does (`accounts.signals.appeal_made`).
"""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.models import Account
from accounts.signals import appeal_made
from protocol.errors import InvalidRequest

TEXT_MAX_CHARACTERS: Final = 2_000


class NothingToAppeal(InvalidRequest):
    """400: the account is neither taken down nor suspended."""

    message = "The account was not taken down"
    page_text = _("Your account is not suspended any more.")


def appeal(account: Account, text: str) -> None:
    """Send what the owner has to say to the staff. Raises NothingToAppeal, AccountNotFound."""
    with transaction.atomic():
        locked = status.lock_open(account)
        if locked.taken_down_at is None and locked.suspended_at is None:
            raise NothingToAppeal
        appeal_made.send(sender=Account, account=locked, text=text[:TEXT_MAX_CHARACTERS])
