"""Preferences: what an account's owner set in their apps; private, and no part of the repo."""

from django.db import models

from accounts.models.accounts import Account


class Preference(models.Model):
    """One item of app.bsky.actor.putPreferences, as its app wrote it. The order of the list
    counts."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="preferences")
    position = models.PositiveIntegerField()
    name = models.TextField()  # its `$type`
    value = models.TextField()  # JSON as it was sent: jsonb would reorder it

    class Meta:
        db_table = "account_preference"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "position"], name="account_preference_has_one_place"
            )
        ]

    def __str__(self) -> str:
        return self.name
