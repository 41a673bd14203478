"""Moving in: whom the host takes, under which name, and who was here before."""

import itertools
import threading
from datetime import timedelta

import orjson
import pytest
from django.db import connection
from django.utils import timezone

from accounts import status as account_status
from accounts.authentication import app_passwords, security_changes
from accounts.authentication.credential_rules import EmailRefused
from accounts.identity import published_dids
from accounts.identity.handles.allocation import HandleTaken, InvalidHandle
from accounts.identity.incoming_handles import HandleLeadsElsewhere
from accounts.identity.keys import reserved_keys
from accounts.identity.resolution import NetworkUnavailable
from accounts.lifecycle import activation, deletion
from accounts.lifecycle.account_migration import move_in
from accounts.lifecycle.account_migration.move_in import (
    AlreadyHosted,
    IncompatibleDidDoc,
    UnresolvableDid,
)
from accounts.models import (
    Account,
    AccountLimits,
    AccountMigration,
    AppPassword,
    CustomHandle,
    InvitePermission,
    OAuthDeviceAccount,
    OAuthRequest,
    OAuthSession,
    OpenIdIdentity,
    PlcOperation,
    Preference,
    SecurityChange,
    SeenPlcLog,
    Session,
    Totp,
    WebIdentity,
    WebSession,
)
from accounts.oauth.openid import identities
from accounts.oauth.openid.people import Person
from moderation.models import Labeler
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, PlcData, Service
from protocol.keys import SigningKey
from server.net import dns, http_client
from tests import openid_provider
from tests.factories import PASSWORD, account_row, wanted
from tests.unit.repos.events.firehose.stream import events

pytestmark = pytest.mark.django_db(transaction=True)
_numbers = itertools.count(1)
OLD = "https://old.example"
# What speaks of the DID, not of a person.
STAYING = {
    AccountLimits,  # the tenant's word
    AccountMigration,
    CustomHandle,
    InvitePermission,
    Labeler,  # the tenant's, whoever has its account
    PlcOperation,
    SeenPlcLog,
    WebIdentity,
}


class Network:
    """What the PLC directory and the name servers say."""

    def __init__(self):
        self.pds = OLD
        self.status = 200
        self.handles = {}

    def request_configured(self, _method, url, **_):
        did = url.rpartition("/")[2]
        service = {
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": self.pds,
        }
        document = {"id": did, "service": [service] if self.pds else []}
        return http_client.Answer(self.status, {}, orjson.dumps(document))

    def request(self, *_, **__):
        raise http_client.Unreachable("nobody")

    def values(self, name):
        did = self.handles.get(name.removeprefix("_atproto."))
        return [f"did={did}"] if did else []


@pytest.fixture
def network(monkeypatch):
    network = Network()
    monkeypatch.setattr(http_client, "request_configured", network.request_configured)
    monkeypatch.setattr(http_client, "request", network.request)
    monkeypatch.setattr(dns, "values", network.values)
    return network


@pytest.fixture
def did():
    """A DID that no test before asked for: answers are remembered."""
    number = f"{next(_numbers):04}".translate(str.maketrans("0123456789", "abcdefghij"))
    return f"did:plc:moving{number}".ljust(32, "a")


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch):
    monkeypatch.setattr("accounts.identity.resolution.dids.FRESH_S", 0.0)


def test_who_moves_in_rests_and_has_a_deadline(ash, network, did):
    account = move_in.move_in(ash, wanted(did=did))
    assert (account.did, account.status, account.handle) == (did, "deactivated", "alice.test")
    left = account.delete_after - timezone.now()
    assert timedelta(days=2.9) < left <= timedelta(days=3)


def test_the_old_host_is_remembered(ash, network, did):
    account = move_in.move_in(ash, wanted(did=did))
    assert account.migration.moved_from == OLD
    assert move_in.is_moving_in(account)


def test_a_did_that_names_this_host_already_comes_from_nowhere(ash, network, did):
    network.pds = ash.origin
    assert move_in.move_in(ash, wanted(did=did)).migration.moved_from == ""


def test_a_did_without_a_pds_may_move_in(ash, network, did):
    network.pds = ""
    assert move_in.move_in(ash, wanted(did=did)).migration.moved_from == ""


def test_the_password_is_the_new_one(ash, network, did):
    assert move_in.move_in(ash, wanted(did=did, password=PASSWORD)).password.startswith("argon2")


def test_a_reserved_key_is_the_accounts(ash, network, did):
    reserved = reserved_keys.reserve(ash, did)
    assert move_in.move_in(ash, wanted(did=did)).signing_did_key == reserved


def test_a_did_moves_in_once(ash, network, did):
    move_in.move_in(ash, wanted(did=did))
    with pytest.raises(AlreadyHosted, match="Repo already exists") as refused:
        move_in.move_in(ash, wanted(did=did, handle="other.test", email="other@example.com"))
    assert refused.value.name == "AlreadyExists"


def test_an_account_that_lives_here_stays_as_it_is(ash, network, did):
    network.pds = ash.origin
    account = account_row(ash, did=did)
    with pytest.raises(AlreadyHosted):
        move_in.move_in(ash, wanted(did=account.did, handle="other.test", email="o@example.com"))
    assert Account.objects.get().handle == account.handle


def test_another_host_of_the_platform_does_not_stand_in_the_way(ash, birch, network, did):
    account = account_row(ash, did=did)
    moved = move_in.move_in(birch, wanted(did=account.did, handle="alice.birch.test"))
    assert (moved.host, moved.did) == (birch, account.did)


@pytest.mark.parametrize("status", [404, 410])
def test_a_did_that_nobody_has_cannot_move(ash, network, did, status):
    network.status = status
    with pytest.raises(UnresolvableDid):
        move_in.move_in(ash, wanted(did=did))
    assert not Account.objects.exists()


def test_a_did_of_another_method_cannot_move(ash, network):
    with pytest.raises(IncompatibleDidDoc):
        move_in.move_in(ash, wanted(did=SigningKey.generate().did_key))


def test_a_directory_that_fails_decides_nothing(ash, network, did):
    network.status = 500
    with pytest.raises(NetworkUnavailable):
        move_in.move_in(ash, wanted(did=did))


def test_a_taken_handle_is_refused(ash, network, did):
    account_row(ash)
    with pytest.raises(HandleTaken):
        move_in.move_in(ash, wanted(did=did, email="b@example.com"))


def test_a_taken_address_is_refused(ash, network, did):
    account_row(ash)
    with pytest.raises(EmailRefused):
        move_in.move_in(ash, wanted(did=did, handle="other.test"))


def test_ones_own_handle_comes_along_when_it_leads_to_the_did(ash, network, did):
    network.handles["alice.example.com"] = did
    account = move_in.move_in(ash, wanted(did=did, handle="Alice.Example.com"))
    assert account.handle == "alice.example.com"


@pytest.mark.parametrize("leads_to", [None, "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_strangers_handle_does_not(ash, network, did, leads_to):
    network.handles["alice.example.com"] = leads_to
    with pytest.raises(HandleLeadsElsewhere, match="External handle did not resolve to DID"):
        move_in.move_in(ash, wanted(did=did, handle="alice.example.com"))


def test_a_handle_of_ours_keeps_our_rules(ash, network, did):
    with pytest.raises(InvalidHandle):
        move_in.move_in(ash, wanted(did=did, handle="al.test"))


def left_behind(host, network, did):
    """An account that lived here and rests since its owner moved away."""
    account = account_row(host, did=did, deactivated_at=timezone.now())
    app_passwords.create(account, "phone", is_privileged=False)
    Preference.objects.create(account=account, position=0, name="app.bsky.x", value="{}")
    network.pds = OLD
    return account


def test_who_moved_away_may_come_back_to_the_same_account(ash, network, did):
    before = left_behind(ash, network, did)
    back = move_in.move_in(ash, wanted(did=did, handle="again.test", email="again@example.com"))
    assert back.pk == before.pk
    assert (back.handle, back.email, back.status) == (
        "again.test",
        "again@example.com",
        "deactivated",
    )
    assert move_in.is_moving_in(back)


def test_who_comes_back_finds_nothing_private_of_the_person_before(ash, network, did):
    left_behind(ash, network, did)
    move_in.move_in(ash, wanted(did=did))
    assert not AppPassword.objects.exists()
    assert not Preference.objects.exists()


def test_a_former_owners_second_factors_open_nothing_and_undo_nothing(ash, network, did):
    before = left_behind(ash, network, did)
    Account.objects.filter(pk=before.pk).update(is_oauth_only=True)
    Totp.objects.create(account=before, secret=b"wrapped", last_step=1)
    security_changes.note(before, security_changes.PASSWORD_CHANGED)
    back = move_in.move_in(ash, wanted(did=did))
    assert not back.is_oauth_only
    assert not Totp.objects.exists()
    assert not SecurityChange.objects.exists()


def test_whatever_belongs_to_an_account_is_private_or_is_known_to_stay():
    fields = Account._meta.get_fields(include_hidden=True)
    owned = {each.related_model for each in fields if each.auto_created and not each.concrete}
    sessions = {OAuthDeviceAccount, OAuthRequest, OAuthSession, Session, WebSession}
    assert owned == {*move_in.PRIVATE, *sessions, *STAYING}


def test_whom_the_directory_does_not_know_any_more_does_not_move_in_again(ash, network, did):
    before = left_behind(ash, network, did)
    identities.connect(before, openid_provider.of_tenant(ash.tenant), Person("u1"))
    OpenIdIdentity.objects.update(left_at=timezone.now())
    with pytest.raises(account_status.OwnerHasLeft):
        move_in.move_in(ash, wanted(did=did))
    assert OpenIdIdentity.objects.get(account=before).left_at


def test_who_rests_here_has_not_moved_away(ash, network, did):
    left_behind(ash, network, did)
    network.pds = ash.origin
    with pytest.raises(AlreadyHosted):
        move_in.move_in(ash, wanted(did=did))


def test_who_was_taken_down_does_not_come_back_by_moving(ash, network, did):
    account_status.take_down(left_behind(ash, network, did))
    with pytest.raises(AlreadyHosted):
        move_in.move_in(ash, wanted(did=did))


def test_an_arrival_ends_once(ash, network, did):
    account = move_in.move_in(ash, wanted(did=did))
    assert move_in.finish(account)
    assert not move_in.finish(account)
    assert not move_in.is_moving_in(account)
    assert AccountMigration.objects.get().did_updated_at is not None


def test_an_account_that_never_moved_has_no_arrival_to_end(ash):
    assert not move_in.finish(account_row(ash))


def test_activation_ends_the_deadline(ash, network, did, monkeypatch):
    account = move_in.move_in(ash, wanted(did=did))
    monkeypatch.setattr(activation.did_verification, "check", lambda _account: None)
    assert activation.activate(account).delete_after is None
    assert not move_in.is_moving_in(account)


def test_who_is_on_the_way_keeps_the_deadline(ash, network, did):
    account = move_in.move_in(ash, wanted(did=did))
    assert activation.deactivate(account).delete_after == account.delete_after


def test_one_who_is_late_is_removed_without_a_word(ash, network, did):
    account = move_in.move_in(ash, wanted(did=did))
    Account.objects.update(delete_after=timezone.now())
    deletion.delete_due()
    assert not Account.objects.exists()
    assert events(account.pk) == []
    assert move_in.move_in(ash, wanted(did=did)).did == did


def see(did, endpoint):
    """Somebody looks at the DID, and it names that PDS."""
    data = PlcData((), {}, (), {PDS_SERVICE: Service(PDS_SERVICE_TYPE, endpoint)})
    published_dids.note(published_dids.of_plc(did, data), seen_at=timezone.now())


def test_one_whose_did_names_this_host_is_not_removed_for_being_late(ash, network, did):
    account = move_in.move_in(ash, wanted(did=did))
    see(did, OLD)
    assert move_in.is_moving_in(account)
    assert Account.objects.get().delete_after is not None
    see(did, ash.origin)
    assert Account.objects.get().delete_after is None
    assert AccountMigration.objects.get().did_updated_at is not None


def test_of_two_who_move_in_at_once_one_does(ash, network, did):
    outcomes: list[object] = []
    barrier = threading.Barrier(2)

    def run(label: str) -> None:
        barrier.wait()
        one = wanted(did=did, handle=f"{label}.test", email=f"{label}@example.com")
        try:
            outcomes.append(move_in.move_in(ash, one).did)
        except AlreadyHosted:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(label,)) for label in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [did, "refused"]
