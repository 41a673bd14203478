"""getPreferences by the host's moderation service, which may read anybody's at its host."""

import pytest

from accounts.identity import resolution
from protocol.did.did_document import DidDocument
from protocol.keys import SigningKey
from tests.api.clients import Api
from tests.api.relayed import Relayed, carried, labeler, view
from tests.unit.xrpc.auth.test_staff import KEY, MOD, bearer

__all__ = ["labeler", "view"]

NSID = "app.bsky.actor.getPreferences"
BIRTH = {
    "$type": "app.bsky.actor.defs#personalDetailsPref",
    "birthDate": "1980-05-17T00:00:00.000Z",
}


@pytest.fixture(autouse=True)
def _moderated(ash, birch, monkeypatch):
    """Ash has a moderation service."""
    ash.moderation_did = MOD
    ash.save()
    key = KEY.did_key.removeprefix("did:key:")
    method = {"id": f"{MOD}#atproto", "type": "Multikey", "publicKeyMultibase": key}
    document = DidDocument({"id": MOD, "verificationMethod": [method]})
    monkeypatch.setattr(resolution, "resolve_did", lambda _did, *, fresh=False: document)


def read(host, did: str = "", proxy: str = "", **changes) -> Relayed:
    jwt = bearer(host, **{"lxm": NSID, **changes}).removeprefix("Bearer ")
    params = {"did": did} if did else {}
    headers = {"HTTP_ATPROTO_PROXY": proxy} if proxy else {}
    return carried(Api(host, jwt).get(f"/xrpc/{NSID}", params, **headers))


def test_the_moderation_service_reads_all_of_them(alice, ash):
    alice.call("app.bsky.actor.putPreferences", preferences=[BIRTH])
    assert read(ash, alice.did).json()["preferences"][0] == BIRTH


@pytest.mark.parametrize("did", ["", "did:web:nobody.example.com"])
def test_it_says_whose(alice, ash, did):
    assert read(ash, did).refusal == (400, "InvalidRequest")


def test_people_of_another_host_are_not_there(mallory, ash):
    assert read(ash, mallory.did).refusal == (400, "InvalidRequest")


def test_it_is_a_stranger_at_another_host(mallory, birch):
    assert read(birch, mallory.did).refusal == (401, "UntrustedIss")


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"lxm": "com.example.x"}, "BadJwtLexiconMethod"), ({"aud": "did:web:x"}, "BadJwtAudience"),
     ({"iss": "did:web:x.example"}, "UntrustedIss"),
     ({"key": SigningKey.generate()}, "BadJwtSignature")],
)  # fmt: skip
def test_a_token_that_is_wrong_reads_nothing(alice, ash, changes, name):
    assert read(ash, alice.did, **changes).refusal == (401, name)


def test_it_is_not_handed_on(alice, ash, labeler):
    answer = read(ash, alice.did, f"{labeler.did}#atproto_labeler")
    assert (answer.refusal, labeler.seen) == ((400, "InvalidRequest"), [])
