"""What operations changed, who signed them, who may undo them, and whose the keys are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.identity.did_log import history, key_holders
from accounts.identity.did_log.history import Change, Kind
from accounts.identity.did_log.key_holders import Holder
from accounts.models import RecoveryKey
from protocol.did import plc
from protocol.did.plc import LogEntry, PlcData, Service
from protocol.keys import SigningKey
from tests.factories import account_row

OWN, HOST, SIGNING, OTHER = (SigningKey.generate() for _ in range(4))
THEN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = THEN + timedelta(hours=50)


class Chain:
    """Operations, an hour apart, the first of which makes the DID."""

    def __init__(self, keys: list[str], endpoint: str = "https://pds.test") -> None:
        genesis = plc.genesis(keys, SIGNING.did_key, "a.test", endpoint)
        self.entries = [self.entry(plc.sign(genesis, HOST), 0)]

    def entry(self, operation: plc.Operation, hours: int) -> LogEntry:
        return LogEntry(plc.cid_of(operation), operation, THEN + timedelta(hours=hours))

    @property
    def data(self) -> PlcData:
        return plc.data_of(self.entries[-1].operation)

    def add(self, data: PlcData, key: SigningKey = HOST) -> "Chain":
        signed = plc.sign(plc.update(data, self.entries[-1].cid), key)
        self.entries.append(self.entry(signed, len(self.entries)))
        return self

    def told(self) -> list[history.PastOperation]:
        return history.told(self.entries, NOW, 50)


@pytest.fixture
def chain() -> Chain:
    return Chain([OWN.did_key, HOST.did_key])


def pds(endpoint: str) -> dict[str, Service]:
    return {"atproto_pds": Service("AtprotoPersonalDataServer", endpoint)}


CHANGES = [
    ({"rotation_keys": (HOST.did_key,)}, Change(Kind.KEY_REMOVED, before=OWN.did_key)),
    ({"rotation_keys": (HOST.did_key, OWN.did_key)}, Change(Kind.KEYS_REORDERED)),
    ({"also_known_as": ("at://b.test",)}, Change(Kind.HANDLE, "a.test", "b.test")),
    ({"services": pds("https://b.test")}, Change(Kind.HOST, "https://pds.test", "https://b.test")),
    ({"also_known_as": ("at://a.test", "https://a.test")}, Change(Kind.OTHER)),
    ({}, Change(Kind.NOTHING)),
]


@pytest.mark.parametrize(("changes", "told"), CHANGES)
def test_each_change_is_told(chain, changes, told):
    chain.add(replace(chain.data, **changes))
    assert chain.told()[0].changes == (told,)


def test_a_new_signing_key_and_a_new_rotation_key_are_told(chain):
    methods = {"atproto": OTHER.did_key}
    keys = (OTHER.did_key, *chain.data.rotation_keys)
    chain.add(replace(chain.data, rotation_keys=keys, verification_methods=methods))
    assert chain.told()[0].changes == (
        Change(Kind.KEY_ADDED, after=OTHER.did_key),
        Change(Kind.SIGNING_KEY, SIGNING.did_key, OTHER.did_key),
    )


def test_the_beginning_and_the_end_are_told(chain):
    end = plc.sign(plc.tombstone(chain.entries[-1].cid), OWN)
    chain.entries.append(chain.entry(end, 1))
    last, first = chain.told()
    assert last.changes == (Change(Kind.ENDED),)
    assert first.changes == (Change(Kind.CREATED, "https://pds.test", "a.test"),)


def test_a_higher_key_may_undo_for_three_days_what_a_lower_one_signed(chain):
    by_host = chain.add(chain.data.with_handle("b.test")).told()[0]
    assert by_host.signer == HOST.did_key
    assert by_host.undo_keys == (OWN.did_key,)
    assert by_host.undoable_until == by_host.entry.created_at + timedelta(hours=72)


def test_nobody_undoes_the_highest_key_nor_the_beginning(chain):
    chain.add(chain.data.with_handle("b.test"), OWN)
    assert [each.undo_keys for each in chain.told()] == [(), ()]


def test_after_three_days_nothing_is_undone(chain):
    chain.add(chain.data.with_handle("b.test"))
    late = history.told(chain.entries, NOW + timedelta(days=3), 50)
    assert late[0].undoable_until is None


def test_of_an_operation_whose_predecessor_is_not_kept_nothing_is_said(chain):
    chain.add(chain.data.with_handle("b.test"))
    told = history.told(chain.entries[1:], NOW, 50)
    assert (told[0].changes, told[0].signer) == ((), "")


def test_the_oldest_of_those_that_are_told_is_told_in_full(chain):
    chain.add(chain.data.with_handle("b.test"))
    told = history.told(chain.entries, NOW, 1)
    assert [each.changes for each in told] == [(Change(Kind.HANDLE, "a.test", "b.test"),)]


@pytest.mark.django_db
class TestHolders:
    """Of whom the keys are."""

    def keys(self, account, chain: Chain) -> list[tuple[str, Holder]]:
        held = key_holders.held_keys(account, chain.entries)
        return [(key.did_key, key.holder) for key in held]

    @pytest.fixture
    def account(self, ash):
        return account_row(ash)

    def test_ours_the_owners_and_one_given_at_sign_up(self, account):
        ours = account.host.rotation_did_key
        chain = Chain([OWN.did_key, HOST.did_key, ours], account.host.origin)
        RecoveryKey.objects.create(account=account, did_key=OWN.did_key)
        assert self.keys(account, chain) == [
            (OWN.did_key, Holder.OWNER),
            (HOST.did_key, Holder.SIGN_UP),
            (ours, Holder.THIS_HOST),
        ]

    def test_a_key_that_came_elsewhere_is_that_hosts(self, account):
        chain = Chain([HOST.did_key], "https://old.test")
        ours = account.host.rotation_did_key
        keys = (ours, HOST.did_key)
        chain.add(replace(chain.data, rotation_keys=keys, services=pds(account.host.origin)))
        held = key_holders.held_keys(account, chain.entries)
        assert [key.holder for key in held] == [Holder.THIS_HOST, Holder.OTHER_HOST]
        assert held[1].host == "https://old.test"
        assert [key.is_removable for key in held] == [False, True]

    def test_a_key_that_an_app_put_there_is_nobodys_that_we_know(self, account):
        chain = Chain([HOST.did_key], account.host.origin)
        chain.add(replace(chain.data, rotation_keys=(OTHER.did_key, HOST.did_key)))
        assert self.keys(account, chain)[0] == (OTHER.did_key, Holder.UNKNOWN)

    def test_a_key_named_at_another_account_is_not_this_owners(self, account):
        other = account_row(account.host, "other")
        RecoveryKey.objects.create(account=other, did_key=HOST.did_key)
        chain = Chain([HOST.did_key], account.host.origin)
        assert self.keys(account, chain) == [(HOST.did_key, Holder.SIGN_UP)]
