"""The relay's host name: its own routes, no host's, and who it says it is."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from hosting.models import Host
from hosting.tenancy import provisioning, routing

pytestmark = pytest.mark.django_db


def asked(path: str, name: str = "relay.localhost") -> HttpResponse:
    request = RequestFactory().get(path, headers={"host": name})
    answer = routing.HostMiddleware(lambda _: HttpResponse("a host's"))(request)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.fixture(autouse=True)
def _relay(settings: Settings) -> None:
    settings.RELAY_HOST = "relay.localhost"


def test_the_relay_answers_and_says_who_it_is() -> None:
    answer = asked("/xrpc/_health", "Relay.localhost:2583")
    assert answer.status_code == 200
    assert "atproto-relay" in answer["Server"]


@pytest.mark.parametrize("path", ["/account", "/console/", "/oauth/authorize"])
def test_what_is_a_hosts_is_not_the_relays(path: str) -> None:
    answer = asked(path)
    assert answer.status_code == 404
    assert json.loads(answer.content)["error"] == "XRPCNotSupported"


def test_without_a_relay_its_name_is_nobodys(settings: Settings) -> None:
    settings.RELAY_HOST = ""
    assert asked("/xrpc/_health").status_code == 404
    assert asked("/xrpc/_health", "").status_code == 404


def test_no_tenants_host_takes_the_relays_name(ash: Host) -> None:
    with pytest.raises(ValidationError):
        provisioning.create_host(ash.tenant, "Relay.localhost", "http://relay.localhost", [])
