"""Recovery keys placed above the host's and taken away: by code, once, and by a sound operation."""

import pytest
from django.db import IntegrityError

from accounts.authentication import email_codes
from accounts.authentication.session_tokens import InvalidToken
from accounts.identity.did_log import directory
from accounts.identity.plc import client, owner_operations, submit, updates
from accounts.identity.plc.rotation_keys import KeyListed, KeyNotListed, KeyStays, TooManyKeys
from accounts.identity.recovery_keys import changes
from accounts.models import Account, PlcOperation, RecoveryKey
from accounts.signup import sign_up
from protocol.errors import InvalidRequest
from protocol.keys import SigningKey
from tests.concurrency.test_writers import in_threads
from tests.factories import wanted
from tests.unit.accounts.identity import past_the_host

pytestmark = pytest.mark.django_db(transaction=True)
OWN = SigningKey.generate("p256").did_key
SECOND = SigningKey.generate().did_key


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


def code(account: Account) -> str:
    return email_codes.issue(account, owner_operations.PURPOSE)


def rotation_keys(account: Account) -> list[str]:
    """As the directory has them, whose log is sound."""
    seen = directory.look(account)
    assert seen.problem is None
    assert seen.newest.operation == client.newest(account.did)
    return seen.newest.operation["rotationKeys"]


def test_a_key_goes_above_the_hosts(account):
    changes.add(account, code(account), OWN, name="in the safe", is_proven=True)
    assert rotation_keys(account) == [OWN, account.host.rotation_did_key]
    kept = RecoveryKey.objects.get(account=account)
    assert (kept.did_key, kept.name, kept.proven_at is None) == (OWN, "in the safe", False)


def test_a_second_key_stays_below_the_first(account):
    changes.add(account, code(account), OWN, is_proven=True)
    changes.add(account, code(account), SECOND, is_proven=False)
    assert rotation_keys(account) == [OWN, SECOND, account.host.rotation_did_key]
    assert RecoveryKey.objects.get(did_key=SECOND).proven_at is None


def test_a_key_is_taken_away(account):
    changes.add(account, code(account), OWN, is_proven=True)
    changes.remove(account, code(account), OWN)
    assert rotation_keys(account) == [account.host.rotation_did_key]


def test_the_hosts_key_stays_and_costs_no_code(account):
    given = code(account)
    with pytest.raises(KeyStays):
        changes.remove(account, given, account.host.rotation_did_key)
    changes.add(account, given, OWN, is_proven=True)


def test_a_key_is_listed_once_and_a_strangers_is_not_removed(account):
    changes.add(account, code(account), OWN, is_proven=True)
    with pytest.raises(KeyListed):
        changes.add(account, code(account), OWN, is_proven=True)
    with pytest.raises(KeyNotListed):
        changes.remove(account, code(account), SECOND)


def test_there_are_no_more_keys_than_the_directory_takes(account):
    ours = account.host.rotation_did_key
    many = [SigningKey.generate().did_key for _ in range(9)]
    past_the_host.publish(account, rotationKeys=[*many, ours])
    with pytest.raises(TooManyKeys):
        changes.add(account, code(account), OWN, is_proven=True)


def test_a_did_without_our_key_is_left_alone(account):
    past_the_host.publish(account, rotationKeys=[SECOND])
    with pytest.raises(updates.NotOursToChange):
        changes.add(account, code(account), OWN, is_proven=True)


def test_no_code_no_key(account):
    with pytest.raises(owner_operations.CodeRequired):
        changes.add(account, "", OWN, is_proven=True)
    with pytest.raises(InvalidToken):
        changes.add(account, "AAAAA-BBBBB", OWN, is_proven=True)
    assert not PlcOperation.objects.filter(kind="update").exists()


def test_while_the_directory_is_down_the_code_stays_good(account, plc):
    given = code(account)
    plc.down = True
    with pytest.raises(updates.DirectoryUnavailable):
        changes.add(account, given, OWN, is_proven=True)
    plc.down = False
    changes.add(account, given, OWN, is_proven=True)


@pytest.mark.parametrize("knob", ["fail_before", "fail_after"])
def test_a_change_that_the_directory_did_not_confirm_goes_on_by_itself(account, plc, knob):
    setattr(plc, knob, True)
    assert not changes.add(account, code(account), OWN, is_proven=True)
    setattr(plc, knob, False)
    PlcOperation.objects.open().make_due()
    submit.submit(PlcOperation.objects.open().get().pk)
    assert rotation_keys(account) == [OWN, account.host.rotation_did_key]


def test_two_devices_with_one_code_add_one_key(account):
    given = code(account)
    both = (OWN, SECOND)
    failures = in_threads(2, lambda n: changes.add(account, given, both[n], is_proven=True))
    assert [type(each) for each in failures] == [InvalidToken]
    assert len(rotation_keys(account)) == 2


def test_a_change_that_came_between_is_kept(account, plc):
    """Another device was faster: the operation is made anew on top of that one."""
    plc.fail_before = True
    assert not changes.add(account, code(account), OWN, is_proven=True)
    plc.fail_before = False
    past_the_host.publish(account, rotationKeys=[SECOND, account.host.rotation_did_key])
    PlcOperation.objects.open().make_due()
    submit.attempt(PlcOperation.objects.open().get().pk)
    submit.attempt(PlcOperation.objects.filter(kind="update").latest("pk").pk)
    assert rotation_keys(account) == [SECOND, OWN, account.host.rotation_did_key]


def test_who_takes_the_only_recovery_key_away_has_none_again(account):
    assert changes.is_without_recovery_key(account)
    changes.add(account, code(account), OWN, is_proven=True)
    assert not changes.is_without_recovery_key(account)
    changes.remove(account, code(account), OWN)
    assert changes.is_without_recovery_key(account)
    with pytest.raises(InvalidRequest):
        changes.owned(account, OWN)


def test_a_key_that_the_directory_refused_is_none(account, plc):
    plc.fail_before = True
    changes.add(account, code(account), OWN, is_proven=True)
    assert not changes.is_without_recovery_key(account)  # it is on its way
    PlcOperation.objects.open().decide(PlcOperation.State.REFUSED)
    assert changes.is_without_recovery_key(account)


def test_a_key_that_its_owner_took_away_elsewhere_is_gone_once_that_was_seen(account):
    changes.add(account, code(account), OWN, is_proven=True)
    past_the_host.publish(account, rotationKeys=[account.host.rotation_did_key])
    directory.look(account)
    assert changes.is_without_recovery_key(account)


def test_a_key_of_unknown_origin_is_the_owners_for_all_readers(account):
    past_the_host.publish(account, rotationKeys=[SECOND, account.host.rotation_did_key])
    directory.look(account)
    assert not changes.is_without_recovery_key(account)


def test_the_same_operation_handed_in_at_the_same_moment_is_one(account, monkeypatch):
    """Between the look at the rows and the row somebody else wrote it down."""
    write_down, tried = updates.write_down, []

    def overtaken(*given: object, **purpose: str) -> PlcOperation:
        tried.append(given)
        if len(tried) == 1:
            raise IntegrityError
        return write_down(*given, **purpose)

    monkeypatch.setattr(updates, "write_down", overtaken)
    assert changes.add(account, code(account), OWN, is_proven=True)
    assert rotation_keys(account) == [OWN, account.host.rotation_did_key]
