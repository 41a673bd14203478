"""A client of the REST API for each kind of token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from hosting.models import Host, Tenant
from hosting.tenancy import routing
from provider.api import tokens
from provider.api.tokens import Scope
from tests.api import network


@dataclass
class RestClient:
    """Speaks JSON to one host with one token; `status` is the last answer's."""

    host: Host
    token: str
    status: int = 0
    headers: Any = None

    def call(self, verb: str, path: str, body: object = None, **headers: str) -> Any:
        answer = Client().generic(
            verb,
            f"/api/v1/{path}",
            b"" if body is None else __import__("json").dumps(body),
            "application/json",
            headers={
                "Host": self.host.hostname,
                "Authorization": f"Bearer {self.token}",
                **headers,
            },
        )
        self.status, self.headers = answer.status_code, answer.headers
        return answer.json() if answer.content else None


Make = Callable[..., RestClient]


@pytest.fixture(autouse=True)
def directory(monkeypatch, settings):
    """The PLC directory takes everything."""
    settings.VALKEY_URL = ""
    routing.forget()
    posted: list[Any] = []
    network.stand_in(monkeypatch, posted)
    return posted


@pytest.fixture
def client_of(ash) -> Make:
    """Makes a client: of a tenant or the platform, with some scopes or all."""

    def make(tenant: Tenant | None = None, *scopes: str, at: Host = ash) -> RestClient:
        name = f"token{tokens.ApiToken.objects.count()}"
        _, text = tokens.create(name, tenant, scopes or [*Scope])
        return RestClient(at, text)

    return make


@pytest.fixture
def platform(client_of) -> RestClient:
    """The provider, at ash."""
    return client_of()
