"""DIDs to documents: asked once, remembered, and an outage is not taken for a word."""

import time

import orjson
import pytest

from accounts.identity import resolution
from accounts.identity.resolution import dids, documents
from server.net import http_client

PLC_DID = "did:plc:" + "a" * 24
WEB_DID = "did:web:example.com"


def document(did, **more):
    return {"id": did, "alsoKnownAs": ["at://alice.example.com"], **more}


class Network:
    """The network's edge: what each URL answers, and what was asked."""

    def __init__(self):
        self.answers = {}
        self.asked = []

    def request(self, method, url, **_bounds):
        self.asked.append(url)
        answer = self.answers.get(url, http_client.Unreachable("no such host"))
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return http_client.Answer(
            status, {}, body if isinstance(body, bytes) else orjson.dumps(body)
        )


@pytest.fixture
def network(db, monkeypatch, settings):
    """PLC directory at http://plc, the world beside it; nothing is remembered yet."""
    settings.PLC_URL = "http://plc"
    edge = Network()
    monkeypatch.setattr(http_client, "request", edge.request)
    monkeypatch.setattr(http_client, "request_configured", edge.request)
    for did in (PLC_DID, WEB_DID):
        dids.CACHE.forget(did)
    return edge


@pytest.fixture
def later(monkeypatch):
    """Move the clock of memories."""

    def move(seconds):
        now = time.time() + seconds
        monkeypatch.setattr(time, "time", lambda: now)

    return move


def test_a_did_plc_is_asked_of_the_directory(network):
    network.answers[f"http://plc/{PLC_DID}"] = (200, document(PLC_DID))
    assert resolution.resolve_did(PLC_DID).handle == "alice.example.com"


def test_a_did_web_is_asked_of_its_host(network):
    network.answers["https://example.com/.well-known/did.json"] = (200, document(WEB_DID))
    assert resolution.resolve_did(WEB_DID).did == WEB_DID


def test_a_document_is_asked_for_once(network):
    network.answers[f"http://plc/{PLC_DID}"] = (200, document(PLC_DID))
    resolution.resolve_did(PLC_DID)
    resolution.resolve_did(PLC_DID)
    assert len(network.asked) == 1


def test_fresh_asks_again(network):
    network.answers[f"http://plc/{PLC_DID}"] = (200, document(PLC_DID))
    resolution.resolve_did(PLC_DID)
    resolution.resolve_did(PLC_DID, fresh=True)
    assert len(network.asked) == 2


def test_an_unknown_did_is_not_found(network):
    network.answers[f"http://plc/{PLC_DID}"] = (404, {"message": f"DID not registered: {PLC_DID}"})
    with pytest.raises(resolution.DidNotFound):
        resolution.resolve_did(PLC_DID)


@pytest.mark.parametrize(
    "answer",
    [(404, {"message": f"DID not available: {PLC_DID}"}), (410, {"message": "gone"})],
)
def test_a_tombstone_is_told_from_a_did_that_never_was(network, answer):
    network.answers[f"http://plc/{PLC_DID}"] = answer
    with pytest.raises(resolution.DidDeactivated):
        resolution.resolve_did(PLC_DID)


def test_a_did_web_of_a_name_that_does_not_exist_is_not_found(network):
    network.answers["https://example.com/.well-known/did.json"] = http_client.NoSuchHost("no")
    with pytest.raises(resolution.DidNotFound):
        resolution.resolve_did(WEB_DID)


def test_a_refusal_is_remembered_with_its_name(network):
    network.answers[f"http://plc/{PLC_DID}"] = (404, {"message": "DID not registered"})
    for _ in range(2):
        with pytest.raises(resolution.DidNotFound):
            resolution.resolve_did(PLC_DID)
    assert len(network.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (429, b""),
        http_client.TimedOut("late"),
        http_client.Unreachable("down"),
        http_client.NoSuchHost("misspelt in the settings"),
    ],
)
def test_a_silent_directory_is_no_answer(network, answer):
    network.answers[f"http://plc/{PLC_DID}"] = answer
    with pytest.raises(resolution.NetworkUnavailable):
        resolution.resolve_did(PLC_DID)


def test_yesterdays_document_stands_in_for_a_silent_server(network, later):
    network.answers[f"http://plc/{PLC_DID}"] = (200, document(PLC_DID))
    resolution.resolve_did(PLC_DID)
    network.answers[f"http://plc/{PLC_DID}"] = http_client.TimedOut("late")
    later(dids.FRESH_S + 1)
    assert resolution.resolve_did(PLC_DID).did == PLC_DID
    assert resolution.resolve_did(PLC_DID).did == PLC_DID
    assert len(network.asked) == 2


def test_no_old_document_stands_in_when_a_fresh_one_was_asked_for(network):
    network.answers[f"http://plc/{PLC_DID}"] = (200, document(PLC_DID))
    resolution.resolve_did(PLC_DID)
    network.answers[f"http://plc/{PLC_DID}"] = http_client.TimedOut("late")
    with pytest.raises(resolution.NetworkUnavailable):
        resolution.resolve_did(PLC_DID, fresh=True)


def test_a_document_older_than_a_day_is_no_document(network, later):
    network.answers[f"http://plc/{PLC_DID}"] = (200, document(PLC_DID))
    resolution.resolve_did(PLC_DID)
    network.answers[f"http://plc/{PLC_DID}"] = http_client.TimedOut("late")
    later(dids.KEPT_S + 1)
    with pytest.raises(resolution.NetworkUnavailable):
        resolution.resolve_did(PLC_DID)


def test_what_we_changed_ourselves_is_known_at_once(network):
    resolution.remember_document(PLC_DID, document(PLC_DID, alsoKnownAs=["at://new.example.com"]))
    assert resolution.resolve_did(PLC_DID).handle == "new.example.com"
    assert network.asked == []


@pytest.mark.parametrize(
    "body", [b"not json", b"[]", {"id": "did:plc:" + "b" * 24}, {"id": "nobody"}, b"null"]
)
def test_a_document_that_is_none_is_refused(network, body):
    network.answers[f"http://plc/{PLC_DID}"] = (200, body)
    with pytest.raises(resolution.DidUnusable):
        resolution.resolve_did(PLC_DID)


@pytest.mark.parametrize(
    "did",
    [
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        "did:plc:short",
        "did:web:example.com:user:alice",
        "did:web:example.com%3A8443",
        "did:web:example.com%2Fpath",
        "did:web:user%40example.com",
        "nonsense",
    ],
)
def test_other_dids_are_not_even_asked_for(network, did):
    with pytest.raises(resolution.DidUnusable):
        resolution.resolve_did(did)
    assert network.asked == []


def test_the_sandbox_allows_localhost_with_a_port():
    url = "http://localhost:41590/.well-known/did.json"
    assert documents.url_of("did:web:localhost%3A41590") == url


def test_outside_the_sandbox_localhost_is_a_name_like_any_other(settings):
    settings.SANDBOX = False
    assert documents.url_of("did:web:localhost%3A41590") is None


def test_a_hosts_own_did_needs_no_network(network, ash):
    assert resolution.resolve_did(ash.service_did).pds == ash.origin
    assert network.asked == []
