"""What the directory's answers mean."""

import pytest

from accounts.identity.plc import client
from server.net import http_client

DID = "did:plc:" + "a" * 24


@pytest.fixture
def answer(monkeypatch):
    """Have the directory answer with this status and body."""

    def give(status: int, body: bytes = b""):
        monkeypatch.setattr(
            http_client, "request_configured", lambda *_, **__: http_client.Answer(status, {}, body)
        )

    return give


def test_an_accepted_operation_is_accepted(answer):
    answer(200, b"OK")
    client.post(DID, {"type": "plc_operation"})


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_4xx_is_a_refusal_with_its_reason(answer, status):
    answer(status, b'{"message":"Invalid signature"}')
    with pytest.raises(client.Refused, match="Invalid signature"):
        client.post(DID, {})


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
def test_a_refusal_without_a_reason_shows_its_status(answer, body):
    answer(404, body)
    with pytest.raises(client.Refused, match="HTTP 404"):
        client.post(DID, {})


@pytest.mark.parametrize("status", [302, 408, 429, 500, 503])
def test_other_answers_settle_nothing(answer, status):
    answer(status)
    with pytest.raises(client.Unsettled) as unsettled:
        client.post(DID, {})
    assert unsettled.value.failure == "unknown"


def test_an_unknown_did_has_no_newest_operation(answer):
    answer(404)
    assert client.newest_cid(DID) is None


UNREADABLE = [
    b"<html>",
    b"1.5",
    b"{}",
    b'{"type":"plc_operation"}',
    b'{"type":"create","service":1}',
]


@pytest.mark.parametrize(("status", "body"), [(500, b""), *((200, each) for each in UNREADABLE)])
def test_a_log_that_cannot_be_read_settles_nothing(answer, status, body):
    answer(status, body)
    with pytest.raises(client.Unsettled):
        client.newest_cid(DID)


def test_the_operation_goes_out_as_json(monkeypatch, settings):
    sent = {}

    def record(method, url, **options):
        sent.update(options, method=method, url=url)
        return http_client.Answer(200, {}, b"OK")

    monkeypatch.setattr(http_client, "request_configured", record)
    client.post(DID, {"type": "plc_tombstone"})
    assert (sent["method"], sent["url"]) == ("POST", f"{settings.PLC_URL}/{DID}")
    assert sent["body"] == b'{"type":"plc_tombstone"}'
    assert sent["headers"] == {"Content-Type": "application/json"}
    assert sent["timeout_s"] == settings.PLC_TIMEOUT_S
