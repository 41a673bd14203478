"""The Host header decides: hosts, handles, other names."""

import json
import secrets
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from hosting import limits
from hosting.limits import Bucket, Budget
from hosting.models import Host
from hosting.tenancy import routing


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    routing.forget()
    yield
    routing.forget()


def asked(name: str, path: str = "/") -> HttpRequest:
    """A request as it looks after the middleware, the response riding on it."""
    request = RequestFactory().get(path, headers={"host": name})
    middleware = routing.HostMiddleware(lambda _request: HttpResponse("inside"))
    request.answer = middleware(request)  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:2583", "localhost"),
        ("pds.example.", "pds.example"),
        ("[::1]:2583", "[::1]"),
        ("[::1]", "[::1]"),
        ("a:b", "a:b"),
        ("", ""),
    ],
)
def test_the_name_is_what_is_left_of_the_header(header: str, name: str) -> None:
    assert routing.hostname_in(header) == name


def test_a_host_is_found_by_its_name_in_any_case(ash: Host, birch: Host) -> None:
    assert asked("LOCALHOST:2583").host == ash
    assert asked("birch.localhost:2583").host == birch


def test_a_name_under_a_handle_domain_is_a_handle_of_its_host(ash: Host) -> None:
    request = asked("alice.test")
    assert (request.host, request.hosted_handle) == (ash, "alice.test")
    assert request.urlconf == "accounts.pages.handles.urls"


def test_the_longest_handle_domain_wins(ash: Host, birch: Host) -> None:
    assert asked("alice.birch.test").host == birch


def test_a_hosts_own_name_is_no_handle(ash: Host) -> None:
    assert not hasattr(asked("localhost"), "hosted_handle")


@pytest.mark.parametrize(
    "name", ["", "test", "127.0.0.1:2583", "evil.example", "a\x00b", "x" * 300]
)
def test_strangers_get_404(ash: Host, name: str) -> None:
    assert asked(name).answer.status_code == 404


@pytest.mark.parametrize(
    "name", ["", "_x.test", "a b.test", "\0.test", "[::1]", "-.test", "é.test"]
)
def test_what_is_no_host_name_is_looked_up_nowhere(
    ash: Host, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert routing.host_named(name) is None


def test_a_stranger_on_xrpc_gets_the_envelope(ash: Host) -> None:
    answer = asked("evil.example", "/xrpc/com.atproto.server.describeServer").answer
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert b'"XRPCNotSupported"' in answer.content


def test_a_handles_name_serves_no_xrpc(ash: Host) -> None:
    answer = asked("alice.test", "/xrpc/com.atproto.server.describeServer").answer
    assert (answer.status_code, b'"XRPCNotSupported"' in answer.content) == (404, True)


def test_the_certificate_question_is_answered_under_any_name(ash: Host) -> None:
    assert asked("127.0.0.1", "/tls-check").answer.content == b"inside"


def test_a_second_request_asks_no_database(
    ash: Host, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked("localhost")
    with django_assert_num_queries(0):
        assert asked("localhost").host == ash


@pytest.mark.parametrize("name", ["pds.example", "pds.test"])
def test_a_host_is_answered_at_once_under_a_name_that_was_asked_for_before(
    ash: Host, name: str
) -> None:
    path = "/xrpc/com.atproto.server.describeServer"
    assert asked(name, path).answer.status_code == 404
    Host.objects.filter(pk=ash.pk).update(hostname=name)
    assert asked(name, path).answer.content == b"inside"


def test_strangers_names_and_handles_do_not_fill_the_memory(ash: Host) -> None:
    for number in range(20):
        asked(f"{number}.example")
        asked(f"{number}.test")
    assert not routing.REMEMBERED


def test_what_was_remembered_expires(ash: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "REMEMBERED_S", -1.0)
    asked("localhost")
    Host.objects.filter(pk=ash.pk).update(hostname="pds.example")
    assert asked("localhost").answer.status_code == 404


@pytest.fixture
def _postgres_is_away(ash: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_hostname: str) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(routing, "REMEMBERED_S", -1.0)
    asked("localhost")  # remembered, and stale at once
    monkeypatch.setattr(routing, "look_up", fail)


@pytest.mark.usefixtures("_postgres_is_away")
def test_while_postgres_is_away_a_known_host_stays_known(ash: Host) -> None:
    assert asked("localhost").host == ash


@pytest.mark.usefixtures("_postgres_is_away")
def test_while_postgres_is_away_other_names_are_told_to_come_back() -> None:
    answer = asked("birch.localhost", "/xrpc/com.atproto.server.describeServer").answer
    assert (answer.status_code, json.loads(answer.content)["error"]) == (503, "ServiceUnavailable")


def test_host_named_knows_hosts_and_not_handles(ash: Host) -> None:
    assert routing.host_named("LocalHost") == ash
    assert routing.host_named("alice.test") is None
    assert routing.host_named("evil.example") is None


@pytest.fixture
def one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    once = Bucket(secrets.token_hex(8), (Budget(1, 86_400),))
    monkeypatch.setattr(limits, "REQUESTS", once)


@pytest.mark.usefixtures("one_request")
@pytest.mark.parametrize("name", ["evil.example", "alice.test"])
def test_calls_under_names_that_are_no_hosts_are_counted(ash: Host, name: str) -> None:
    path = "/xrpc/com.atproto.server.describeServer"
    answers = [asked(name, path).answer for _ in range(2)]
    assert [each.status_code for each in answers] == [404, 429]
    assert int(answers[1]["Retry-After"]) > 80_000


@pytest.mark.usefixtures("one_request")
def test_what_the_entrance_counts_is_not_counted_again(ash: Host) -> None:
    for path in ("/", "/xrpc/_health", "/account/"):
        assert [asked("evil.example", path).answer.status_code for _ in range(2)] == [404, 404]
