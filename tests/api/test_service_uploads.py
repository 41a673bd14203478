"""Services that upload for a person, by a service token of the person's own key."""

import pytest

from accounts.models import Account
from accounts.service_auth import tokens
from tests.api.clients import Api, Person, sign_up
from tests.api.test_import import folders
from tests.api.test_moving import CREATE, PICTURE, REPO, THING, ok, refusal

__all__ = ["folders"]


def upload_token(person: Person, **changes) -> str:
    account = Account.objects.get(did=person.did)
    lxm = changes.get("lxm", REPO + "uploadBlob")
    return tokens.mint(account, changes.get("aud", person.host.service_did), lxm)


def test_a_service_uploads_for_a_person_once(alice):
    service = Api(alice.host, upload_token(alice))
    assert ok(service.send(REPO + "uploadBlob", PICTURE, "image/png"))["blob"]["size"] == 68 + 8
    again = service.send(REPO + "uploadBlob", PICTURE, "image/png")
    assert refusal(again) == (401, "BadJwt")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"aud": "did:web:other.example"}, "BadJwtAudience"),
        ({"lxm": CREATE}, "BadJwtLexiconMethod"),
    ],
)
def test_a_service_with_another_errand_uploads_nothing(alice, changes, name):
    service = Api(alice.host, upload_token(alice, **changes))
    response = service.send(REPO + "uploadBlob", PICTURE, "image/png")
    assert refusal(response) == (401, name)


def test_a_service_token_of_another_tenants_account_uploads_nothing(alice, birch):
    sign_up(birch, "bobby")
    service = Api(birch, upload_token(alice, aud=birch.service_did))
    response = service.send(REPO + "uploadBlob", PICTURE, "image/png")
    assert refusal(response) == (401, "BadJwtIss")


def test_a_service_token_is_for_uploads_alone(alice):
    service = Api(alice.host, upload_token(alice, lxm=REPO + "createRecord"))
    asked = {"repo": alice.did, "collection": THING, "record": {"$type": THING}}
    assert service.call(REPO + "createRecord", **asked).status_code in {400, 401, 403}
