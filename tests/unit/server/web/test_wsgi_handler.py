"""The straight line of XRPC's methods answers as Django's own chain does."""

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db.backends.base.base import BaseDatabaseWrapper

from hosting.models import Host
from hosting.tenancy import routing
from server.web.wsgi_handler import application
from xrpc.dispatch import XrpcView

# The end of a request drops a connection that is inside a transaction, as tests' usually are.
pytestmark = pytest.mark.django_db(transaction=True)
DESCRIBE = "/xrpc/com.atproto.server.describeServer"


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    routing.forget()


def ask(path: str, name: str = "localhost") -> tuple[str, dict[str, str], Iterable[bytes]]:
    """Status line, headers and body of a GET."""
    begun: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": name,
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = application(environ, lambda status, headers: begun.extend((status, dict(headers))))
    return begun[0], begun[1], body


def test_a_method_is_answered_with_headers_of_the_middleware(ash: Host) -> None:
    status, headers, body = ask(DESCRIBE)
    assert status == "200 OK"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(b"".join(body))["did"] == ash.service_did


def test_a_strange_name_learns_nothing_of_a_method(ash: Host) -> None:
    status, headers, _body = ask(DESCRIBE, "nobody.example")
    assert status == "404 Not Found"
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_what_is_no_method_of_ours_goes_through_the_routes(ash: Host) -> None:
    status, _headers, body = ask("/xrpc/com.example.nothing.here")
    assert status.startswith("501")
    body.close()  # type: ignore[attr-defined] # a response of Django's


def test_a_fault_outside_of_the_view_is_a_bare_500(
    ash: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_args: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(XrpcView, "initialize_request", break_down)
    status, _headers, body = ask(DESCRIBE)
    assert status.startswith("500")
    assert b"inside" not in b"".join(body)


def test_nothing_waits_for_a_signal_at_the_end_of_a_method(ash: Host) -> None:
    heard: list[object] = []

    def hear(**signal: object) -> None:
        heard.append(signal)

    request_finished.connect(hear)
    try:
        _status, _headers, body = ask(DESCRIBE)
        assert isinstance(body, list)
    finally:
        request_finished.disconnect(hear)
    assert heard == []


def test_a_connection_past_its_age_is_closed_after_a_method(
    ash: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(
        BaseDatabaseWrapper,
        "close_if_unusable_or_obsolete",
        lambda _self: closed.append(True),
    )
    ask(DESCRIBE)
    assert closed == [True]
