"""Invite codes: given, spent, raced for, given back, disabled."""

import re
import threading

import pytest
from django.db import connection
from django.utils import timezone

from accounts.invites import codes as invites
from accounts.invites.codes import InvalidInviteCode
from accounts.models import Account, InviteCode, InviteUse
from protocol.errors import InvalidRequest, XrpcError
from tests.factories import account_row

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


def one_code(host, uses=1, owner=None) -> str:
    given = invites.give(host, for_accounts=[owner] if owner else [], codes_each=1, uses_each=uses)
    return next(iter(given.values()))[0]


def test_a_code_is_the_host_name_and_two_groups_of_five(ash, birch):
    assert re.fullmatch(r"localhost-[a-z2-7]{5}-[a-z2-7]{5}", invites.new_code(ash))
    assert re.fullmatch(r"birch-localhost-[a-z2-7]{5}-[a-z2-7]{5}", invites.new_code(birch))


def test_codes_for_nobody_are_the_hosts_own(ash):
    assert invites.give(ash, codes_each=2, uses_each=1).keys() == {"admin"}
    assert InviteCode.objects.filter(for_account="admin", created_by="admin").count() == 2


def test_everybody_named_gets_as_many(ash):
    given = invites.give(ash, for_accounts=["did:x:1", "did:x:2"], codes_each=3, uses_each=1)
    assert {owner: len(codes) for owner, codes in given.items()} == {"did:x:1": 3, "did:x:2": 3}


@pytest.mark.parametrize(("codes", "uses"), [(0, 1), (1, 0), (-1, 1), (1, -1), (10_001, 1)])
def test_numbers_without_sense_are_refused(ash, codes, uses):
    with pytest.raises(InvalidRequest):
        invites.give(ash, codes_each=codes, uses_each=uses)


def test_a_fresh_code_is_good_in_any_letter_case(ash):
    code = one_code(ash)
    assert invites.check(ash, f" {code.upper()} ") == code


@pytest.mark.parametrize("code", [None, "", "  "])
def test_no_code_is_named_so(ash, code):
    with pytest.raises(InvalidInviteCode, match="No invite code provided"):
        invites.check(ash, code)


def test_a_made_up_code_is_not_available(ash):
    with pytest.raises(InvalidInviteCode, match="Provided invite code not available"):
        invites.check(ash, "localhost-aaaaa-aaaaa")


def test_a_code_of_another_host_is_a_made_up_one(ash, birch):
    with pytest.raises(InvalidInviteCode):
        invites.check(birch, one_code(ash))


def test_a_spent_code_is_not_available(ash):
    code = one_code(ash)
    invites.spend(ash, code, DID)
    with pytest.raises(InvalidInviteCode):
        invites.check(ash, code)
    with pytest.raises(InvalidInviteCode):
        invites.spend(ash, code, "did:plc:b")


def test_a_use_says_who_and_can_be_given_back(ash):
    code = one_code(ash)
    invites.spend(ash, code, DID)
    assert InviteUse.objects.get(code__code=code).used_by == DID
    invites.give_back(ash, DID)
    assert invites.check(ash, code) == code
    assert not InviteUse.objects.exists()


def test_a_code_of_somebody_taken_down_stops_working(ash):
    owner = account_row(ash)
    code = one_code(ash, owner=owner.did)
    assert invites.check(ash, code) == code
    Account.objects.filter(pk=owner.pk).update(taken_down_at=timezone.now())
    with pytest.raises(InvalidInviteCode):
        invites.check(ash, code)


def test_codes_are_disabled_by_name_and_by_owner(ash):
    named, owned, other = one_code(ash), one_code(ash, owner=DID), one_code(ash)
    assert invites.disable(ash, [named.upper()], [DID]) == 2
    for code in (named, owned):
        with pytest.raises(InvalidInviteCode):
            invites.check(ash, code)
    assert invites.check(ash, other) == other


def test_the_admins_codes_cannot_be_disabled_together(ash):
    with pytest.raises(InvalidRequest, match="cannot disable admin invite codes"):
        invites.disable(ash, [], ["admin"])


def test_another_host_disables_nothing_here(ash, birch):
    code = one_code(ash)
    assert invites.disable(birch, [code], []) == 0
    assert invites.check(ash, code) == code


@pytest.mark.django_db(transaction=True)
def test_racing_uses_never_use_a_code_up_twice(ash):
    code, outcomes = one_code(ash, uses=2), []

    def use(number):
        try:
            invites.spend(ash, code, f"did:plc:{number}")
            outcomes.append("in")
        except XrpcError as refusal:
            outcomes.append(refusal.name)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["InvalidInviteCode"] * 6 + ["in"] * 2
    assert InviteUse.objects.count() == 2
