"""did:web identities that a host of ours serves."""

from dataclasses import replace

import pytest
from django.test import Client

from accounts.identity import (
    did_verification,
    did_web,
    did_web_documents,
    handle_changes,
    key_rotation,
    resolution,
)
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from accounts.models import Account, WebIdentity
from accounts.signup import sign_up
from accounts.signup.rules import RecoveryKeyRefused
from hosting.models import Host
from hosting.tenancy import routing
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import PDS_SERVICE, Service
from protocol.keys import SigningKey
from repos.models import Event, Repo
from server.net import http_client
from tests.factories import account_row, wanted

pytestmark = pytest.mark.django_db(transaction=True)
DID = "did:web:alice.test"
IDENTITY = 3


@pytest.fixture
def club(ash, monkeypatch) -> Host:
    """A host that gives out did:web identities, with no network around it."""

    def nobody(*_args, **_bounds):
        raise http_client.Unreachable("there is no network here")

    monkeypatch.setattr(http_client, "request", nobody)
    monkeypatch.setattr(http_client, "request_configured", nobody)
    routing.forget()
    ash.did_method = Host.DidMethod.WEB
    ash.save()
    return ash


@pytest.fixture
def account(club) -> Account:
    return sign_up.sign_up(club, wanted())


def served(name: str = "alice.test", path: str = "did.json"):
    return Client().get(f"/.well-known/{path}", headers={"host": name})


def test_a_sign_up_makes_a_did_of_its_handle_without_any_directory(account):
    assert (account.did, account.status) == (DID, "active")
    assert Repo.objects.get(pk=account.pk).did == DID


def test_its_host_name_serves_the_document(account):
    document = DidDocument(served().json())
    assert (document.did, document.handle) == (DID, "alice.test")
    assert (document.pds, document.signing_key) == (account.host.origin, account.signing_did_key)


def test_its_host_name_still_serves_the_handle(account):
    assert served(path="atproto-did").content.decode() == DID


def test_other_names_serve_no_document(account, ash):
    account_row(ash, "bobby")
    assert served("bobby.test").status_code == 404
    assert served("nobody.test").status_code == 404


def test_the_platform_resolves_it_without_the_network(account):
    assert resolution.resolve_did(DID).signing_key == account.signing_did_key


def test_its_account_is_valid_here(account):
    assert did_verification.is_valid(account)


def test_a_recovery_key_is_refused_rather_than_forgotten(club):
    with pytest.raises(RecoveryKeyRefused):
        sign_up.sign_up(club, wanted(recovery_key=SigningKey.generate().did_key))
    assert not Account.objects.exists()


def test_a_new_handle_is_in_the_document_and_the_did_stays(account):
    handle_changes.change_handle(account, handle_changes.check(account, "new-alice.test"))
    account.refresh_from_db()
    assert (account.did, account.handle) == (DID, "new-alice.test")
    assert DidDocument(served().json()).handle == "new-alice.test"
    assert Event.objects.order_by("-id").first().kind == IDENTITY


def test_the_name_of_a_did_is_never_given_to_anybody_else(account, club):
    handle_changes.change_handle(account, "new-alice.test")
    assert allocation.is_taken("alice.test")
    with pytest.raises(HandleTaken):
        sign_up.sign_up(club, wanted(email="other@example.com"))


def test_its_owner_may_have_the_name_as_a_handle_again(account):
    handle_changes.change_handle(account, "new-alice.test")
    account.refresh_from_db()
    handle_changes.change_handle(account, "alice.test")
    account.refresh_from_db()
    assert account.handle == "alice.test"


def test_a_new_signing_key_is_in_the_document_and_signs_the_repo(account):
    new = key_rotation.rotate_key(account)
    assert DidDocument(served().json()).signing_key == new != account.signing_did_key
    assert Repo.objects.get(pk=account.pk).signing_did_key == new


def test_a_taken_handle_changes_nothing(account, ash):
    account_row(ash, "bobby")
    with pytest.raises(handle_changes.HandleTaken):
        handle_changes.change_handle(account, "bobby.test")
    assert DidDocument(served().json()).handle == "alice.test"


def moved_away(account: Account) -> None:
    """The owner has the document say that the account lives elsewhere."""
    data = did_web_documents.data_of(WebIdentity.objects.get(account=account))
    elsewhere = Service("AtprotoPersonalDataServer", "https://new.example.com")
    did_web.change(account, replace(data, services={PDS_SERVICE: elsewhere}))


def test_who_leaves_takes_the_document_along(account):
    moved_away(account)
    assert DidDocument(served().json()).pds == "https://new.example.com"
    assert not did_verification.is_valid(account)


def test_the_document_outlives_the_account_of_who_left(account):
    moved_away(account)
    Account.objects.all().delete()
    assert DidDocument(served().json()).pds == "https://new.example.com"


def test_the_document_of_an_account_that_is_gone_for_good_is_gone(account):
    Account.objects.all().delete()
    assert served().status_code == 410
    with pytest.raises(resolution.DidDeactivated):
        resolution.resolve_did(DID)


def test_one_of_another_host_is_not_served_under_this_ones_names(account, birch):
    WebIdentity.objects.update(host=birch)
    assert served().status_code == 404
