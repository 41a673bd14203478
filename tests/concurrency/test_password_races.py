"""Two devices that change the same thing at once: one does, the other is told."""

from contextlib import suppress

import pytest
from django.contrib.auth.hashers import check_password

from accounts import status
from accounts.authentication import password_resets, session_tokens, sessions, web_sessions
from accounts.authentication.password_resets import ChangedMeanwhile
from accounts.models import Account, Session, WebSession
from protocol.errors import XrpcError
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


def test_refreshes_at_once_agree(ash) -> None:
    account = account_row(ash)
    token = sessions.begin(account).refresh_jwt
    told = at_once(6, lambda _number: sessions.refresh(ash, token).refresh_jwt)
    assert len({session_tokens.read_refresh(ash, jwt).jti for jwt in told}) == 1
    assert Session.objects.count() == 2


def test_no_session_outlives_a_takedown_beside_its_refresh(ash) -> None:
    account = account_row(ash)
    for _ in range(3):
        token = sessions.begin(account).refresh_jwt

        def act(number: int, token: str = token) -> None:
            if number:
                with suppress(XrpcError):
                    sessions.refresh(ash, token)
            else:
                status.take_down(account)

        at_once(4, act)
        assert not Session.objects.exists()
        status.restore(Account.objects.get(pk=account.pk))
