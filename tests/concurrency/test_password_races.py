"""Two devices that change the same thing at once: one does, the other is told."""

import pytest
from django.contrib.auth.hashers import check_password

from accounts.authentication import password_resets, web_sessions
from accounts.authentication.password_resets import ChangedMeanwhile
from accounts.models import Account, WebSession
from tests.concurrency.test_oauth_races import at_once
from tests.factories import account_row

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_devices_that_set_another_password_one_does(ash) -> None:
    account = account_row(ash)
    web_sessions.begin(account)

    def change(number: int) -> str:
        try:
            password_resets.change(account, f"the password of {number}", signs_out=True)
        except ChangedMeanwhile as refusal:
            return refusal.name
        return ""

    told = at_once(4, change)
    assert sorted(told) == ["", *["InvalidRequest"] * 3]
    kept = Account.objects.get(pk=account.pk).password
    assert check_password(f"the password of {told.index('')}", kept)
    assert not WebSession.objects.exists()
