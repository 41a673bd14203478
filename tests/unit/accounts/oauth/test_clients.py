"""Clients are fetched within bounds, remembered, and prove themselves by keys that they publish."""

import dataclasses
import secrets
import time

import orjson
import pytest

from accounts.models import OAuthSession
from accounts.oauth.clients import fetching
from accounts.oauth.clients.authentication import ASSERTION_TYPE, ClientAuth
from accounts.oauth.clients.fetching import Asker
from accounts.oauth.errors import InvalidClientMetadata
from hosting.limits import RateLimitExceeded
from server.cache.shared import SharedCache
from server.net import http_client
from server.net.remembered_documents import RememberedDocuments
from tests.oauth_app import App, Key
from tests.unit.accounts.oauth.test_documents import CLIENT_ID, DOCUMENT, SECRET

JSON = {"content-type": "application/json"}


class Network:
    """What lies out there, by URL; counts what is asked."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {}
        self.asked: list[str] = []

    def request(self, method, url, **_limits):
        self.asked.append(url)
        found = self.pages.get(url, http_client.Answer(404, {}, b""))
        if isinstance(found, Exception):
            raise found
        is_whole = isinstance(found, http_client.Answer)
        return found if is_whole else http_client.Answer(200, JSON, orjson.dumps(found))


def remembering(name: str) -> RememberedDocuments:
    return dataclasses.replace(fetching.DOCUMENTS, cache=SharedCache(name))


@pytest.fixture
def network(monkeypatch) -> Network:
    made = Network()
    made.pages[CLIENT_ID] = DOCUMENT
    monkeypatch.setattr(http_client, "request", made.request)
    monkeypatch.setattr(fetching, "DOCUMENTS", remembering("oauth-client-test"))
    return made


class Confidential(App):
    """An app with a server and a key of its own."""

    def __init__(self, host, network: Network, kid: str = "k1") -> None:
        super().__init__(host, client_id=CLIENT_ID, redirect_uri=DOCUMENT["redirect_uris"][0])
        self.network, self.kid, self.secret = network, kid, Key()
        self.publish()

    def publish(self, **keys: Key) -> None:
        named = keys or {self.kid: self.secret}
        jwks = {"keys": [{**key.jwk, "kid": kid} for kid, key in named.items()]}
        self.network.pages[CLIENT_ID] = {**DOCUMENT, **SECRET, "jwks": jwks}

    def post(self, path, given, **meta):
        return super().post(path, {**self.assertion(), **given}, **meta)

    def assertion(self, **over) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self.host.origin, "iat": now}
        claims |= {"jti": secrets.token_hex(8)} | over
        signed = self.secret.sign({"kid": self.kid}, claims)
        return {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}


@pytest.fixture
def confidential(ash, network) -> Confidential:
    return Confidential(ash, network)


def error_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


# --- fetching
def test_a_document_is_asked_for_once_in_ten_minutes(network):
    assert fetching.find(CLIENT_ID) == fetching.find(CLIENT_ID)
    assert network.asked == [CLIENT_ID]


@pytest.mark.parametrize(
    "answer",
    [
        http_client.Answer(404, JSON, orjson.dumps(DOCUMENT)),
        http_client.Answer(201, JSON, orjson.dumps(DOCUMENT)),
        http_client.Answer(302, {**JSON, "location": "https://x.example/"}, b""),
        http_client.Answer(200, {"content-type": "text/html"}, orjson.dumps(DOCUMENT)),
        http_client.Answer(200, JSON, b"[1]"),
        http_client.Answer(200, JSON, b"{"),
        http_client.TooLarge(1, 200),
        http_client.Forbidden("inside"),
        http_client.TimedOut("late"),
    ],
)
def test_what_is_no_document_is_no_client(network, answer):
    network.pages[CLIENT_ID] = answer
    with pytest.raises(InvalidClientMetadata):
        fetching.find(CLIENT_ID)


def test_a_refusal_is_remembered_for_a_while(network):
    network.pages[CLIENT_ID] = http_client.Answer(404, {}, b"")
    for _ in range(3):
        with pytest.raises(InvalidClientMetadata):
            fetching.find(CLIENT_ID)
    assert network.asked == [CLIENT_ID]


def test_a_good_copy_stands_in_while_its_server_is_away(network, monkeypatch):
    forgetful = dataclasses.replace(fetching.DOCUMENTS.bounds, fresh_s=0.0)
    monkeypatch.setattr(fetching.DOCUMENTS, "bounds", forgetful)
    before = fetching.find(CLIENT_ID)
    network.pages[CLIENT_ID] = http_client.TimedOut("late")
    assert fetching.find(CLIENT_ID) == before
    assert len(network.asked) == 2


def test_whoever_makes_us_ask_has_a_budget(network, settings):
    settings.RATE_LIMITS = True
    asker = Asker("203.0.113.77")
    for number in range(fetching.LOOK_UPS.budgets[0].limit):
        with pytest.raises(InvalidClientMetadata):
            fetching.find(f"https://app.example.com/{number}", asker)
    with pytest.raises(RateLimitExceeded):
        fetching.find("https://app.example.com/more", asker)


# --- proving
def test_a_client_proves_itself_by_its_key(confidential, alice):
    confidential.signed_in(alice.did)
    session = OAuthSession.objects.get()
    auth = ClientAuth.of(session.client_auth)
    assert (auth.kid, auth.alg, auth.jkt) == ("k1", "ES256", confidential.secret.jkt)
    assert confidential.refresh().status_code == 200


@pytest.mark.parametrize(
    "over",
    [
        {"iss": "https://other.example.com/x"},
        {"sub": "https://other.example.com/x"},
        {"aud": "https://other.example.com"},
        {"iat": 1},
        {"exp": 1},
        {"jti": ""},
        {"nbf": 9e9},
    ],
)
def test_an_assertion_of_something_else_is_refused(confidential, over):
    assert error_of(confidential.par(**confidential.assertion(**over))) == (400, "invalid_client")


def test_an_assertion_serves_once(confidential):
    assertion = confidential.assertion()
    confidential.nonce = confidential.par().headers["DPoP-Nonce"]
    assert confidential.par(**assertion).status_code == 201
    assert error_of(confidential.par(**assertion)) == (400, "invalid_grant")


def test_an_assertion_by_another_key_is_refused(confidential):
    confidential.secret = Key()
    assert error_of(confidential.par()) == (400, "invalid_client")


def test_without_an_assertion_a_client_is_not_authenticated(confidential, monkeypatch):
    monkeypatch.setattr(Confidential, "assertion", lambda _self: {})
    said = [confidential.par(), confidential.exchange("cod-x"), confidential.revoke("x")]
    assert [error_of(each) for each in said] == [(400, "invalid_client")] * 3


def test_without_a_name_each_endpoint_has_its_word(confidential):
    confidential.client_id = None
    said = [confidential.par(), confidential.exchange("cod-x"), confidential.revoke("x")]
    names = ["invalid_client", "invalid_grant", "invalid_request"]
    assert [error_of(each) for each in said] == [(400, name) for name in names]


@pytest.mark.parametrize("member", [{"use": "enc"}, {"alg": "ES384"}, {"key_ops": ["sign"]}])
def test_a_key_that_is_published_for_something_else_proves_nothing(confidential, member):
    key = {**confidential.secret.jwk, "kid": "k1", **member}
    confidential.network.pages[CLIENT_ID] = {**DOCUMENT, **SECRET, "jwks": {"keys": [key]}}
    assert error_of(confidential.par()) == (400, "invalid_client")


def test_the_proofs_key_is_not_the_assertions(confidential):
    confidential.key = confidential.secret
    assert error_of(confidential.par()) == (400, "invalid_request")


def test_an_unknown_key_has_the_document_looked_up_again(confidential, alice, monkeypatch):
    confidential.signed_in(alice.did)
    old, confidential.secret, confidential.kid = confidential.secret, Key(), "k2"
    confidential.publish(k1=old, k2=confidential.secret)
    impatient = dataclasses.replace(fetching.DOCUMENTS.bounds, again_s=-1.0)
    monkeypatch.setattr(fetching.DOCUMENTS, "bounds", impatient)
    assert confidential.par().status_code == 201
    assert error_of(confidential.refresh()) == (400, "invalid_grant")  # another key's session
    assert OAuthSession.objects.exists()


def test_a_key_that_was_replaced_under_its_name_is_looked_up_again(confidential, monkeypatch):
    assert confidential.par().status_code == 201
    confidential.secret = Key()
    confidential.publish()
    impatient = dataclasses.replace(fetching.DOCUMENTS.bounds, again_s=-1.0)
    monkeypatch.setattr(fetching.DOCUMENTS, "bounds", impatient)
    assert confidential.par().status_code == 201


def test_a_key_that_was_withdrawn_ends_its_sessions(confidential, alice, monkeypatch):
    confidential.signed_in(alice.did)
    confidential.secret, confidential.kid = Key(), "k2"
    confidential.publish()
    impatient = dataclasses.replace(fetching.DOCUMENTS.bounds, again_s=-1.0)
    monkeypatch.setattr(fetching.DOCUMENTS, "bounds", impatient)
    assert error_of(confidential.refresh()) == (400, "invalid_grant")
    assert not OAuthSession.objects.exists()


def test_a_clients_server_that_is_away_ends_no_session(confidential, alice, monkeypatch):
    confidential.signed_in(alice.did)
    confidential.network.pages[CLIENT_ID] = http_client.TimedOut("late")
    monkeypatch.setattr(fetching, "DOCUMENTS", remembering("oauth-client-cold"))
    assert error_of(confidential.refresh()) == (400, "invalid_client_metadata")
    assert OAuthSession.objects.exists()


def test_a_client_without_the_grant_gets_no_refresh_token(network, ash, alice):
    network.pages[CLIENT_ID] = {**DOCUMENT, "grant_types": ["authorization_code"]}
    app = App(ash, client_id=CLIENT_ID, redirect_uri=DOCUMENT["redirect_uris"][0])
    assert "refresh_token" not in app.signed_in(alice.did).tokens


def test_a_public_client_may_become_a_confidential_one(network, ash, alice):
    app = App(ash, client_id=CLIENT_ID, redirect_uri=DOCUMENT["redirect_uris"][0])
    app.signed_in(alice.did)
    grown = Confidential(ash, network)
    fetching.forget(CLIENT_ID)
    grown.key = app.key
    assert grown.refresh(app.tokens["refresh_token"]).status_code == 200
    assert ClientAuth.of(OAuthSession.objects.get().client_auth).kid == "k1"
