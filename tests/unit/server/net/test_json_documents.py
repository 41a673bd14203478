"""JSON documents at untrusted URLs: what is the server's word, and what is worth asking again."""

import pytest

from server.net import json_documents
from server.net.json_documents import DocumentRefused, DocumentUnavailable
from tests import upstreams
from tests.upstreams import Upstream, answering

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Upstream:
    with upstreams.running() as service:
        yield service


def get(service: Upstream, **options: bool) -> object:
    return json_documents.get_object(
        f"{service.url}/document", timeout_s=5, max_bytes=1_000, **options
    )


def test_an_object_is_taken(service):
    service.behaviours["/document"] = answering({"a": 1}, content_type="application/ld+json")
    assert get(service) == get(service, must_say_json=True) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"[]", "200 OK", "not a JSON object"),
        (b"{", "200 OK", "is not JSON"),
        (b"[" * 900, "200 OK", "is not JSON"),
        (b" " * 2_000, "200 OK", "more than 1000 bytes"),
        (b"{}", "404 Not Found", "answered 404"),
        (b"{}", "302 Found", "answered 302"),
        (b"{}", "501 Not Implemented", "answered 501"),
    ],
)
def test_what_is_no_document_is_the_servers_word(service, body, status, why):
    service.behaviours["/document"] = answering(body, status)
    with pytest.raises(DocumentRefused, match=why):
        get(service)


@pytest.mark.parametrize("status", ["500 Oops", "503 Later", "429 Too Many Requests"])
def test_a_server_with_troubles_has_said_nothing(service, status):
    service.behaviours["/document"] = answering(b"{}", status)
    with pytest.raises(DocumentUnavailable):
        get(service)


def test_a_page_is_no_document_where_the_media_type_counts(service):
    service.behaviours["/document"] = answering({"a": 1}, content_type="text/html")
    assert get(service) == {"a": 1}
    with pytest.raises(DocumentRefused, match="Content-Type"):
        get(service, must_say_json=True)


def test_nobody_listening_is_silence(service):
    with pytest.raises(DocumentUnavailable):
        json_documents.get_object("http://localhost:1/", timeout_s=5, max_bytes=1_000)


def test_an_address_inside_is_refused(settings):
    settings.SANDBOX = False
    with pytest.raises(DocumentRefused, match="no public address"):
        json_documents.get_object("https://127.0.0.1/", timeout_s=5, max_bytes=1_000)
