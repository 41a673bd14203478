"""Second factors that are used twice at once: a code, a step or a challenge serves one of them."""

import time
from collections.abc import Callable

import pyotp
import pytest

from accounts.authentication.factors import (
    changes,
    holders,
    passkeys,
    recovery_codes,
    totp,
    typed_codes,
    wrong_codes,
)
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.holders import Holder
from accounts.authentication.factors.passkeys import PasskeyRefused
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.models import FactorAttempts, Passkey
from hosting.limits import RateLimitExceeded
from hosting.models import Host
from protocol.errors import XrpcError
from tests.authenticator import PRESENT, SYNCABLE, VERIFIED, Authenticator
from tests.concurrency.test_oauth_races import at_once
from tests.factories import account_row

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


@pytest.fixture
def holder(ash: Host) -> Holder:
    return holders.of_account(account_row(ash))


def outcomes(work: Callable[[], object]) -> list[str]:
    """What each of several who do the same at once comes to: an error's name, or nothing."""

    def tried(_number: int) -> str:
        try:
            work()
        except XrpcError as refusal:
            return type(refusal).__name__
        return ""

    return [str(each) for each in at_once(AT_ONCE, tried)]


def test_a_step_of_the_app_serves_one(holder: Holder) -> None:
    secret = pyotp.random_base32()
    totp.keep(holder, secret, 0)
    code = pyotp.TOTP(secret).at(int(time.time()))
    told = outcomes(lambda: typed_codes.spend(holder, code))
    assert told.count("") == 1


def test_the_step_itself_is_claimed_in_one_statement(holder: Holder) -> None:
    secret = pyotp.random_base32()
    totp.keep(holder, secret, 0)
    code = pyotp.TOTP(secret).at(int(time.time()))
    assert at_once(AT_ONCE, lambda _number: totp.spend(holder, code)).count(True) == 1


def test_a_recovery_code_serves_one(holder: Holder) -> None:
    code = recovery_codes.replace(holder)[0]
    assert outcomes(lambda: typed_codes.spend(holder, code)).count("") == 1
    assert recovery_codes.left(holder) == 9


def test_wrong_codes_at_once_are_all_counted(holder: Holder) -> None:
    told = outcomes(lambda: typed_codes.spend(holder, "000000"))
    assert told.count(WrongCode.__name__) == wrong_codes.WRONG_MAX
    assert told.count(RateLimitExceeded.__name__) == AT_ONCE - wrong_codes.WRONG_MAX
    assert FactorAttempts.objects.get().lock_count == 1


def test_a_challenge_serves_one(holder: Holder) -> None:
    key = Authenticator(flags=PRESENT | VERIFIED | SYNCABLE)  # no counter tells them apart
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "key")
    asked = passkeys.options_to_show(holder.host, Purpose.SECOND_STEP, holder)
    answer = key.show(asked)
    told = outcomes(lambda: passkeys.show(holder, answer, Purpose.SECOND_STEP))
    assert sorted(told) == ["", *[PasskeyRefused.__name__] * (AT_ONCE - 1)]


def test_a_passkey_that_is_added_twice_at_once_is_one(holder: Holder) -> None:
    made = Authenticator().make(passkeys.options_to_add(holder))
    told = outcomes(lambda: changes.add_passkey(holder, made, "key"))
    assert told.count("") == 1
    assert Passkey.objects.count() == 1


def test_of_many_who_add_at_once_none_is_beyond_the_twentieth(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkeys, "MOST_A_HOLDER", 2)
    asked = [Authenticator().make(passkeys.options_to_add(holder)) for _ in range(AT_ONCE)]
    told = outcomes(lambda: changes.add_passkey(holder, asked.pop(), "key"))
    assert told.count("") == Passkey.objects.count() == 2
