"""The REST API by its own document: calls of every kind, with what nobody expects in them."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hosting.models import Host
from hosting.tenancy import routing
from provider.api import documents
from provider.api import tokens as api_tokens
from provider.webhooks import addresses
from tests.api import network
from tests.factories import account_row

pytestmark = pytest.mark.django_db
SECRET = "Association 7f3a of the Birch"  # never sent, so never in an answer of ash's token
STRANGE: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 2**200, 1e308, "", " ", "\0", "a\0b", "é" * 300,
    "a" * 70_000, "9" * 5_000, "1e400", "on", "-", "%s", "../..", "https://[::1", "http://a.b:99999",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", [], {}, [[]], [None], {"": 0},
    {"admission": "\0"}, {"moderation-url": "https://[::1"}, {"blob-limit-bytes": 2**80},
    {"captcha-site-key": "a\0b"}, {"admission": []}, {"appview-cdn": {"a": 1}}, ["\0"],
]  # fmt: skip
PLACES = [
    "birch.localhost", "birch", "1", "0", "9" * 18, "-1", "a" * 300, "did:plc:" + "a" * 24,
    "did:web:" + "%2F" * 400, "\0", "é", ".", "acme.example",
]  # fmt: skip
TEXTS: list[Any] = ["acme.example", "anna.test", "https://acme.example", "2026-01-01T00:00Z"]
USUAL: dict[str, list[Any]] = {
    "integer": [1, 30],
    "boolean": [True],
    "array": [["acme.example"], []],
    "object": [{"admission": "open"}],
}
KNOWN = {
    "hostname": "localhost", "slug": "ash", "domain": "test", "job_id": "1", "case_id": "1",
    "invite_id": "1", "name": "ada", "archive_id": "0" * 32, "delivery_id": "1",
}  # fmt: skip
OPERATIONS = st.sampled_from(
    [
        (method, path, operation)
        for path, operations in documents.document()["paths"].items()
        for method, operation in operations.items()
    ]
)


@pytest.fixture(autouse=True)
def tokens(ash: Host, birch: Host, monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """Of ash, and of the platform."""
    settings.RATE_LIMITS, settings.VALKEY_URL = False, ""
    network.stand_in(monkeypatch, [])
    birch.tenant.name = SECRET
    birch.tenant.save()
    for host in (birch, ash):
        KNOWN["did"] = account_row(host).did
    routing.forget()
    for owner in (ash.tenant, None):
        KNOWN["webhook_id"] = str(addresses.create(owner, "https://hook.example", [])[0].pk)
    return [
        api_tokens.create("fuzz", owner, [*api_tokens.Scope])[1] for owner in (ash.tenant, None)
    ]


def body_of(operation: dict[str, Any], data: st.DataObject) -> object:
    """Something like what the call takes."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content or data.draw(st.integers(0, 9)) == 0:
        return data.draw(st.sampled_from(STRANGE))
    schema = content["application/json"]["schema"]
    schema = documents.document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = {}
    for name, kind in schema["properties"].items():
        if name in schema.get("required", ()) or data.draw(st.booleans()):
            fields[name] = data.draw(st.sampled_from([*usual(kind), *STRANGE]))
    return fields


def usual(kind: dict[str, Any]) -> list[Any]:
    """What a caller would send, several times over: most calls get past the first check."""
    named = kind.get("type", "")
    return USUAL.get(named if isinstance(named, str) else named[0], TEXTS) * 8


def address_of(path: str, operation: dict[str, Any], data: st.DataObject) -> str:
    """The path and query with something in each parameter."""
    asked = {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            there = (
                KNOWN[name] if data.draw(st.integers(0, 4)) else data.draw(st.sampled_from(PLACES))
            )
            place = quote(there, safe=":%")
            path = path.replace(f"{{{name}}}", place)
        elif data.draw(st.booleans()):
            asked[name] = data.draw(st.sampled_from(STRANGE))
    return f"{path}?{urlencode(asked, doseq=True)}"


@pytest.mark.long
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operation=OPERATIONS, data=st.data())
def test_strange_calls_are_answered_and_tell_nothing(
    tokens: list[str], operation: tuple[str, str, dict[str, Any]], data: st.DataObject
) -> None:
    method, path, described = operation
    is_platform = data.draw(st.booleans())
    headers = {"Host": "localhost", "Authorization": f"Bearer {tokens[is_platform]}"}
    if data.draw(st.booleans()):
        headers["Idempotency-Key"] = data.draw(st.sampled_from(["k", "é", "x" * 256]))
    sent = json.dumps(body_of(described, data))
    address = address_of(path, described, data)
    before = transaction.savepoint()
    answer = Client().generic(method, address, sent, "application/json", headers=headers)
    transaction.savepoint_rollback(before)
    assert answer.status_code < 500
    assert is_platform or SECRET.encode() not in answer.content
