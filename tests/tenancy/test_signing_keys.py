"""A signing key serves its owner alone, however publicly its name is known.

Mallory at birch writes Alice's public key into a DID of hers, past her host; or a key that is
reserved for somebody who is about to move. Nothing of hers may ever be signed with it, and no end
of hers may take it away.
"""

import base64
import re

import orjson
import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction

from accounts.identity import adopt_update, key_rotation
from accounts.identity.keys import reserved_keys, signing_keys
from accounts.lifecycle import deletion
from accounts.models import Account, PlcOperation, SigningKey
from hosting.mail.models import OutgoingMail
from protocol.keys import PublicKey
from protocol.repo import commit
from repos.models import Repo
from server.net import http_client
from tests.api.clients import Person

IDENTITY, SERVER = "com.atproto.identity.", "com.atproto.server."
MOVER = "did:plc:" + "m" * 24
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _captured(settings):
    settings.SMTP_URL = ""


def account_of(person: Person) -> Account:
    return Account.objects.get(did=person.did, host=person.host)


def publish_past_the_host(person: Person, did_key: str) -> None:
    """Have the host sign an operation that names the key; hand it in at the directory oneself."""
    person.send(IDENTITY + "requestPlcOperationSignature")
    email = OutgoingMail.objects.latest("pk")
    code = re.search(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", email.text).group()
    wanted = {"token": code, "verificationMethods": {"atproto": did_key}}
    signed = person.call(IDENTITY + "signPlcOperation", **wanted).json()["operation"]
    url = f"{django_settings.PLC_URL}/{person.did}"
    http_client.request_configured("POST", url, body=orjson.dumps(signed))


@pytest.fixture
def theft(alice, mallory) -> str:
    """The did:key of Alice that Mallory's DID names by now."""
    did_key = account_of(alice).signing_did_key
    publish_past_the_host(mallory, did_key)
    return did_key


def test_a_published_key_of_somebody_else_is_not_adopted(theft, mallory):
    before = account_of(mallory).signing_did_key
    response = mallory.call(IDENTITY + "updateHandle", handle="other.birch.test")
    assert (response.status_code, response.json()["error"]) == (400, "InvalidRequest")
    assert "signing key that is not this account's" in response.json()["message"]
    assert account_of(mallory).signing_did_key == before != theft


def test_nothing_of_the_thiefs_verifies_under_the_key(theft, mallory):
    mallory.call(IDENTITY + "updateHandle", handle="other.birch.test")
    asked = {"aud": "did:web:feeds.example", "lxm": "app.bsky.feed.getFeedSkeleton"}
    token = mallory.query(SERVER + "getServiceAuth", **asked).json()["token"]
    signed, _, signature = token.rpartition(".")
    key = PublicKey.from_did_key(theft)
    assert not key.verify_lenient(signed.encode(), _decoded(signature))
    mallory.create("com.example.grove.thing", {"n": 1})
    repo = Repo.objects.get(did=mallory.did)
    assert not commit.parse(bytes(repo.commit)).verify(key)


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "==")


def test_an_operation_of_her_own_adopts_nothing_either(theft, mallory):
    account = account_of(mallory)
    operation = PlcOperation(
        did=mallory.did, account=account, operation={"verificationMethods": {"atproto": theft}}
    )
    operation.next_attempt_at = account.created_at
    operation.save()
    with transaction.atomic():
        adopt_update.adopt_key(operation)
    assert account_of(mallory).signing_did_key != theft


@pytest.mark.parametrize("reserved_for", [MOVER, ""])
def test_a_key_reserved_elsewhere_survives_whoever_names_it(ash, mallory, reserved_for):
    reserved = reserved_keys.reserve(ash, reserved_for)
    publish_past_the_host(mallory, reserved)
    mallory.call(IDENTITY + "updateHandle", handle="other.birch.test")
    deletion.delete(account_of(mallory))
    assert signing_keys.signing_key(reserved, reserved_for).did_key == reserved
    assert SigningKey.objects.filter(pk=reserved).exists()
    assert not reserved_for or reserved_keys.reserve(ash, MOVER) == reserved


def test_a_key_reserved_at_ones_own_host_for_nobody_is_not_taken_by_its_name(mallory, birch):
    reserved = reserved_keys.reserve(birch)
    publish_past_the_host(mallory, reserved)
    mallory.call(IDENTITY + "updateHandle", handle="other.birch.test")
    assert account_of(mallory).signing_did_key != reserved


def test_a_key_reserved_for_oneself_is_adopted(mallory, birch):
    reserved = reserved_keys.reserve(birch, mallory.did)
    publish_past_the_host(mallory, reserved)
    response = mallory.call(IDENTITY + "updateHandle", handle="other.birch.test")
    assert response.status_code == 200, response.content
    assert account_of(mallory).signing_did_key == reserved
    mallory.create("com.example.grove.thing", {"n": 1})


def test_staff_give_no_account_a_key_of_somebody_else(alice, mallory, ash, birch):
    key_of_alice = account_of(alice).signing_did_key
    for did_key in (key_of_alice, reserved_keys.reserve(ash), reserved_keys.reserve(birch, MOVER)):
        with pytest.raises(key_rotation.UnknownKey):
            key_rotation.take_key(account_of(mallory), did_key)
    assert account_of(mallory).signing_did_key != key_of_alice


def test_postgres_refuses_one_key_for_two_dids(alice, mallory):
    stolen = account_of(alice).signing_did_key
    with pytest.raises(IntegrityError, match="account_signs_with_its_own_key"):
        Account.objects.filter(did=mallory.did).update(signing_did_key=stolen)


def test_postgres_refuses_to_pass_a_key_on(alice, mallory):
    key = SigningKey.objects.filter(pk=account_of(alice).signing_did_key)
    with pytest.raises(IntegrityError, match="has an owner already"):
        key.update(did=mallory.did)


def test_postgres_keeps_what_is_reserved_or_in_use(alice, ash):
    for did_key in (account_of(alice).signing_did_key, reserved_keys.reserve(ash, MOVER)):
        with pytest.raises(IntegrityError):
            SigningKey.objects.filter(pk=did_key)._raw_delete("default")
