"""What is wrong with a labeler is found out from outside."""

import orjson
import pytest

from moderation.labels import changes, labelers, probes, queries, retiring, setting_up
from moderation.models import Labeler
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, PlcData, Service
from protocol.keys import SigningKey
from server.net import http_client, websocket_handshake

pytestmark = pytest.mark.django_db
ANSWERS = {"queries": True, "stream": True, "declaration": True}


@pytest.fixture
def data(labeler) -> PlcData:
    services = {
        PDS_SERVICE: Service(PDS_SERVICE_TYPE, labeler.host.origin),
        setting_up.SERVICE: Service(setting_up.SERVICE_TYPE, labeler.host.origin),
    }
    return PlcData((), {setting_up.METHOD: labeler.signing_did_key}, (), services)


@pytest.fixture
def world(labeler, data, monkeypatch):
    """What is out there: change it, then look."""
    outside = {**ANSWERS, "data": data}

    def request(_method, url, **_more):
        if "queryLabels" in url:
            labels = queries.query(labeler.pk, ["*"], None, 1).labels
            answer = {"labels": labels} if outside["queries"] else {"error": "x"}
            return http_client.Answer(200, {}, orjson.dumps(answer))
        status = 200 if outside["declaration"] else 400
        return http_client.Answer(status, {}, b'{"value":{}}')

    monkeypatch.setattr(http_client, "request", request)
    monkeypatch.setattr(websocket_handshake, "opens", lambda *_: outside["stream"])
    monkeypatch.setattr(probes.did_refresh, "ask_directory", lambda _: ({}, outside["data"]))
    changes.put(labeler, "did:plc:bob", "spam", actor="admin", reason="seen")
    return outside


def test_a_labeler_without_fault_is_live(labeler, world):
    labeler.state = Labeler.State.DECLARED
    labeler.save()
    assert probes.probe("admin", labeler) == []
    assert labeler.state == Labeler.State.LIVE


def test_a_retirement_that_began_while_it_looked_goes_on(labeler, world, data, monkeypatch):
    labeler.state = Labeler.State.DECLARED
    labeler.save()

    def asked(_did: str) -> tuple[dict[str, object], PlcData]:
        retiring.withdraw("admin", labelers.of_tenant(labeler.tenant_id), "closing down")
        return {}, data

    monkeypatch.setattr(probes.did_refresh, "ask_directory", asked)
    probes.probe("admin", labeler)
    assert labelers.of_tenant(labeler.tenant_id).state == Labeler.State.WITHDRAWN


@pytest.mark.parametrize("fault", ANSWERS)
def test_what_does_not_answer_is_told(labeler, world, fault):
    world[fault] = False
    assert probes.probe("admin", labeler) == [fault]
    assert labeler.state == Labeler.State.DECLARED


def test_an_identity_that_names_another_host_is_told(labeler, world, data):
    data.services[setting_up.SERVICE] = Service(setting_up.SERVICE_TYPE, "https://other.example")
    assert probes.probe("admin", labeler) == ["service"]


def test_an_identity_with_another_key_is_told(labeler, world, data):
    data.verification_methods[setting_up.METHOD] = SigningKey.generate().did_key
    assert probes.probe("admin", labeler) == ["key", "signature"]


def test_what_was_not_declared_is_not_live(labeler, world):
    labeler.state = Labeler.State.PUBLISHED
    labeler.save()
    probes.probe("admin", labeler)
    assert labeler.state == Labeler.State.PUBLISHED
