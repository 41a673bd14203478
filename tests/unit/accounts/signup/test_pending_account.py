"""The rows of a new account, and the invite code that goes with them."""

import threading

import pytest
from django.db import connection

from accounts.identity.plc import submit
from accounts.invites import codes
from accounts.invites.codes import InvalidInviteCode
from accounts.models import Account, InviteCode, PlcOperation, SigningKey
from accounts.signup import abandoned, sign_up
from protocol.errors import XrpcError
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host(ash):
    ash.admission = "invite"
    ash.save()
    return ash


@pytest.fixture
def code(host) -> str:
    return codes.give(host, codes_each=1, uses_each=1)["admin"][0]


def used(code) -> int:
    return InviteCode.objects.get(code=code).used_count


def test_a_sign_up_spends_its_code_in_the_same_breath(host, code, plc):
    account = sign_up.sign_up(host, wanted(invite_code=code))
    assert InviteCode.objects.get(code=code).uses.get().used_by == account.did


def test_a_host_that_asks_for_none_spends_none(ash, plc):
    code = codes.give(ash, codes_each=1, uses_each=1)["admin"][0]
    sign_up.sign_up(ash, wanted(invite_code=code))
    assert used(code) == 0


def test_of_ten_with_one_code_one_comes_in(host, code, plc):
    outcomes = []

    def run(number):
        one = wanted(handle=f"p{number:02}.test", email=f"{number}@example.com", invite_code=code)
        try:
            outcomes.append(sign_up.sign_up(host, one).status)
        except XrpcError as refusal:
            outcomes.append(refusal.name)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(10)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["InvalidInviteCode"] * 9 + ["active"]
    assert (Account.objects.count(), PlcOperation.objects.count(), len(plc.posts)) == (1, 1, 1)
    assert SigningKey.objects.count() == 1


@pytest.mark.long
def test_a_sign_up_that_is_withdrawn_gives_its_code_back(host, code, plc):
    plc.down = True
    with pytest.raises(XrpcError):
        sign_up.sign_up(host, wanted(invite_code=code))
    assert used(code) == 1
    submit.drop_pending_account(Account.objects.get())
    assert used(code) == 0


@pytest.mark.long
def test_the_same_person_goes_on_with_the_code_they_spent(host, code, plc):
    plc.down = True
    with pytest.raises(XrpcError):
        sign_up.sign_up(host, wanted(invite_code=code))
    plc.down = False
    assert sign_up.sign_up(host, wanted(invite_code=code)).status == "active"
    assert used(code) == 1


def test_somebody_else_does_not(host, code, plc):
    sign_up.sign_up(host, wanted(invite_code=code))
    other = wanted(handle="other.test", email="other@example.com", invite_code=code)
    with pytest.raises(InvalidInviteCode):
        sign_up.sign_up(host, other)
    abandoned.withdraw_stale()
    assert used(code) == 1
