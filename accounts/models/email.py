"""Mailed codes, reminders, and the places from which people sign in."""

from datetime import timedelta
from typing import Final

from django.db import models
from django.utils import timezone

from accounts.models.accounts import Account


class EmailToken(models.Model):
    """The one live code of an account for a purpose. Only its hash is kept."""

    class Purpose(models.TextChoices):
        CONFIRM_EMAIL = "confirm_email"
        UPDATE_EMAIL = "update_email"
        RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose's name
        DELETE_ACCOUNT = "delete_account"
        PLC_OPERATION = "plc_operation"
        AUTH_FACTOR = "auth_factor"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="email_tokens")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    seed = models.CharField(max_length=32, default="", db_default="")  # with our key: the code
    code_hash = models.CharField(
        max_length=64, db_index=True
    )  # hex: accounts.authentication.email_codes
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    issued_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "email_token"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "purpose"], name="email_token_is_one_a_purpose"
            )
        ]


class KnownPlace(models.Model):
    """A part of the network from which an account's main password was used
    (accounts.authentication.sign_in_alerts)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="known_places")
    place_hash = models.CharField(max_length=64)  # hex
    last_seen_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "known_place"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "place_hash"], name="known_place_is_kept_once_an_account"
            )
        ]


REMINDED_BEFORE: Final = (timedelta(days=7), timedelta(days=1))
_SPARED: Final = timedelta(hours=12)  # the e-mail that tells the date is reminder enough so long


class DeletionReminderManager(models.Manager["DeletionReminder"]):
    """Reminders, in the words that callers use."""

    def plan(self, account: Account) -> None:
        """Have the account's owner reminded of its `delete_after`, in the transaction that changes
        it; when that is None, of nothing."""
        self.filter(account=account).delete()
        if account.delete_after is not None:
            moments = [account.delete_after - before for before in REMINDED_BEFORE]
            earliest = timezone.now() + _SPARED
            due = [self.model(account=account, due_at=at) for at in moments if at > earliest]
            self.bulk_create(due)


class DeletionReminder(models.Model):
    """A reminder that is to be mailed before an account is deleted; gone when it was, or when the
    deletion is called off (accounts.lifecycle.planned_deletion)."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="deletion_reminders"
    )
    due_at = models.DateTimeField(db_index=True)

    objects = DeletionReminderManager()

    class Meta:
        db_table = "deletion_reminder"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "due_at"], name="deletion_reminder_is_sent_once"
            )
        ]
