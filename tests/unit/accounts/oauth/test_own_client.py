"""This host as an OAuth client of another host, which is another tenant's at a patched network."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from django.test import Client

from accounts.delegation import people
from accounts.delegation.people import Controller, Grant
from accounts.identity import resolution
from accounts.oauth.clients import fetching
from accounts.oauth.own_client import flows, servers, sessions
from accounts.oauth.own_client.documents import PATH, PURPOSES, Purpose
from accounts.oauth.own_client.flows import Started
from accounts.oauth.own_client.refusals import (
    NoOAuth,
    OtherPerson,
    ServerSilent,
    SessionEnded,
    SignInLost,
    SignInRefused,
)
from hosting.models import Tenant
from hosting.tenancy import provisioning
from server.net import http_client
from tests import factories
from tests.oauth_app import agreed

pytestmark = pytest.mark.django_db
GENERIC = "atproto transition:generic"


@dataclass
class Network:
    """Leads to hosts of ours by their names; a test may spoil what they answer."""

    said: dict[str, tuple[int, Any]] = field(default_factory=dict)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, **given: Any) -> http_client.Answer:
        parts = urlsplit(url)
        self.asked.append(parts.path)
        if parts.path in self.said:
            status, value = self.said[parts.path]
            return http_client.Answer(status, {}, orjson.dumps(value))
        headers = {**(given.get("headers") or {}), "host": parts.netloc}
        kind = headers.pop("Content-Type", "application/json")
        answer = Client(raise_request_exception=False).generic(
            method, f"{parts.path}?{parts.query}", given.get("body") or b"", kind, headers=headers
        )
        body = answer.getvalue()
        if parts.path in self.changed:
            body = orjson.dumps({**orjson.loads(body), **self.changed[parts.path]})
        return http_client.Answer(
            answer.status_code, {name.lower(): value for name, value in answer.items()}, body
        )


@pytest.fixture
def network(monkeypatch) -> Network:
    there = Network()
    monkeypatch.setattr(http_client, "request", there.request)
    return there


def https_host(name: str):
    tenant = Tenant.objects.create(slug=name.partition(".")[0], name=name)
    return provisioning.create_host(tenant, name, f"https://{name}", [f".{name}"])


@pytest.fixture
def here(db):
    host = https_host("here.example")
    fetching.forget(f"{host.origin}{PATH}")  # that of another test, with another key
    return host


@pytest.fixture
def there(db, network):
    return https_host("there.example")


@pytest.fixture
def alice(there):
    return factories.account_row(there)


@pytest.fixture
def purpose(monkeypatch) -> Purpose:
    monkeypatch.setitem(PURPOSES, "test", Purpose("test", "/account/test/back", GENERIC))
    return PURPOSES["test"]


def begun(here, there, alice, purpose) -> Started:
    server = servers.find(there.origin)
    return flows.begin(here, purpose, server, alice.did, {"label": "alice"})


@pytest.fixture
def signed_in(here, there, alice, purpose):
    started = begun(here, there, alice, purpose)
    session, _kept = flows.finish(here, purpose, started.cookie, agreed(there, alice, started.url))
    return session


def test_a_controller_of_another_host_goes_there_comes_back_and_acts(
    here, there, alice, monkeypatch
):
    shop = factories.account_row(here, "shop")
    made = people.invite(shop, None, Controller(alice.did, alice.handle), Grant("owner"))
    document = SimpleNamespace(pds=there.origin)
    found = SimpleNamespace(did=alice.did, handle=alice.handle, document=document)
    monkeypatch.setattr(resolution, "identify", lambda *_, **__: found)
    browser = Client(headers={"host": here.hostname})
    left = browser.post("/account/visit", {"name": alice.handle})
    back = browser.get("/account/visit/back", agreed(there, alice, left["Location"]))
    browser.post(back["Location"], {"accept": made.pk})
    page = browser.get(f"/account/u/{shop.handle}/").content.decode()
    assert "acting for" in page
    assert f"@{alice.handle}" in page


def test_somebody_signs_in_at_another_host_and_comes_back(here, there, alice, purpose):
    started = begun(here, there, alice, purpose)
    answer = agreed(there, alice, started.url)
    session, kept = flows.finish(here, purpose, started.cookie, answer)
    assert session.did == alice.did
    assert session.has("transition:generic")
    assert kept == {"label": "alice"}


def test_requests_of_the_session_are_theirs(signed_in, there, alice):
    url = f"{there.origin}/xrpc/com.atproto.server.getSession"
    answer = signed_in.send("GET", url)
    assert orjson.loads(answer.body)["did"] == alice.did


def test_a_session_that_was_kept_is_renewed(signed_in, here):
    kept = sessions.loaded(here, signed_in.dumped())
    kept.renew()
    assert kept.access != signed_in.access
    assert kept.refresh != signed_in.refresh


def test_a_session_is_of_no_other_host(signed_in, there):
    with pytest.raises(SessionEnded):
        sessions.loaded(there, signed_in.dumped())


def test_a_revoked_session_cannot_be_renewed(signed_in):
    signed_in.revoke()
    with pytest.raises(SessionEnded):
        signed_in.renew()


def test_an_answer_counts_once(here, there, alice, purpose):
    started = begun(here, there, alice, purpose)
    answer = agreed(there, alice, started.url)
    flows.finish(here, purpose, started.cookie, answer)
    with pytest.raises(SignInLost):
        flows.finish(here, purpose, started.cookie, answer)


@pytest.mark.parametrize("name", ["state", "iss"])
def test_an_answer_of_somebody_else_is_refused(here, there, alice, purpose, name):
    started = begun(here, there, alice, purpose)
    answer = {**agreed(there, alice, started.url), name: "https://evil.example"}
    with pytest.raises(SignInLost):
        flows.finish(here, purpose, started.cookie, answer)


@pytest.mark.parametrize("cookie", ["", "bm9uc2Vuc2U=", "\udcff"])
def test_an_answer_in_another_browser_is_refused(here, purpose, cookie):
    with pytest.raises(SignInLost):
        flows.finish(here, purpose, cookie, {"code": "c", "state": "s"})


def test_a_cookie_of_another_host_is_refused(here, there, alice, purpose):
    started = begun(here, there, alice, purpose)
    with pytest.raises(SignInLost):
        flows.finish(there, purpose, started.cookie, agreed(there, alice, started.url))


def test_whoever_says_no_there_is_told_so(here, there, alice, purpose):
    started = begun(here, there, alice, purpose)
    answer = agreed(there, alice, started.url)
    refused = {"state": answer["state"], "iss": answer["iss"], "error": "access_denied"}
    with pytest.raises(SignInRefused):
        flows.finish(here, purpose, started.cookie, refused)


def test_another_person_than_named_is_refused(here, there, alice, purpose, network):
    started = begun(here, there, alice, purpose)
    answer = agreed(there, alice, started.url)
    network.changed["/oauth/token"] = {"sub": "did:plc:somebodyelse"}
    with pytest.raises(OtherPerson):
        flows.finish(here, purpose, started.cookie, answer)


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"authorization_response_iss_parameter_supported": False},
        {"token_endpoint": "http://there.example/oauth/token"},
        {"token_endpoint": "https://u:p@there.example/oauth/token"},
        {"pushed_authorization_request_endpoint": None},
        {"code_challenge_methods_supported": ["plain"]},
        {"dpop_signing_alg_values_supported": "ES256"},
    ],
)
def test_a_server_that_will_not_do_is_refused(there, network, changed):
    network.changed["/.well-known/oauth-authorization-server"] = changed
    with pytest.raises(NoOAuth):
        servers.find(there.origin)


@pytest.mark.parametrize(
    "named", [[], ["https://a.example", "https://b.example"], ["https://a.example/x"], [7], "x"]
)
def test_a_host_that_names_no_one_server_is_refused(there, network, named):
    network.changed["/.well-known/oauth-protected-resource"] = {"authorization_servers": named}
    with pytest.raises(NoOAuth):
        servers.find(there.origin)


def test_a_host_of_before_oauth_offers_none(there, network):
    network.said["/.well-known/oauth-protected-resource"] = (404, {"error": "NotFound"})
    with pytest.raises(NoOAuth):
        servers.find(there.origin)


def test_a_server_in_trouble_is_no_refusal(there, network):
    network.said["/.well-known/oauth-protected-resource"] = (503, {})
    with pytest.raises(ServerSilent):
        servers.find(there.origin)


def test_our_document_is_that_of_its_host(here, purpose):
    document = Client().get("/oauth/client-metadata.json", HTTP_HOST="here.example").json()
    assert document["client_id"] == "https://here.example/oauth/client-metadata.json"
    assert "https://here.example/account/test/back" in document["redirect_uris"]
    assert all("d" not in key for key in document["jwks"]["keys"])
