"""Values of the right type that no database holds, in every field that anybody may fill in.

NUL, half of a surrogate pair, numbers of any length, dates at the ends of time, nothing and very
much: into each string and integer of every method's parameters and input, as the account and as
the admin, and into each field of every form of console and account pages. Every answer is a refusal
or an answer, never a 500.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from accounts.authentication import credentials as passwords
from accounts.pages.cookies import COOKIE
from hosting.models import Tenant
from hosting.tenancy import provisioning, routing
from server.net import http_client
from tests.fuzz import forms, http, samples
from xrpc import registry

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
_QUICK = "django.contrib.auth.hashers.MD5PasswordHasher"  # the admin's is checked at each call
NUL = "a\0b"
TEXTS = [
    NUL,
    "",
    "x" * 20_000,
    "9" * 5_000,
    "-1",
    "99999999999",
    "9223372036854775808",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "\ufffe\u202e\U0010ffff",
    "http://[",
    "did:plc:" + "a" * 3_000,
    "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/" + "a" * 4_000,
]
NUMBERS = [-1, 0, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, True, 1.5]
METHODS = [nsid for nsid in registry.registered() if registry.find(nsid)]
SHAPES = forms.shapes()
Path = tuple[str | int, ...]


@pytest.fixture(scope="module", autouse=True)
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One for all tests: whatever a request does to it is undone."""
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        override_settings(RATE_LIMITS=False, PASSWORD_HASHERS=[_QUICK, *settings.PASSWORD_HASHERS]),
        transaction.atomic(),
    ):
        for name in ("request", "request_configured"):  # `enter` replaces them; here for a while
            patch.setattr(http_client, name, getattr(http_client, name))
        patch.setattr(passwords, "REFUSAL_TAKES_S", 0.0)
        # Django drops a connection that is within a transaction; ours is, to undo what was done.
        patch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
        tenant = Tenant.objects.create(slug="ash", name="Ash")
        http.enter(
            provisioning.create_host(tenant, "localhost", "http://localhost:2583", [".test"])
        )
        yield
        transaction.set_rollback(True)
    routing.forget()


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Where a value holds texts and numbers."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif isinstance(value, str | int):
        yield path, value


def changed(value: Any, path: Path, leaf: Any) -> Any:
    """The value with another leaf."""
    if not path:
        return leaf
    inner = changed(value[path[0]], path[1:], leaf)
    if isinstance(value, dict):
        return {**value, path[0]: inner}
    return [*value[: path[0]], inner, *value[int(path[0]) + 1 :]]


def answer_to(data: bytes) -> int:
    """The status; whatever the request did is undone."""
    with transaction.atomic():
        status = int(http.answer_to(data)[:3])
        transaction.set_rollback(True)
    assert status != 500, data[:500]
    return status


def credentials(nsid: str) -> list[str]:
    return [samples.own_credentials(nsid), "Basic $ADMIN"]


@pytest.mark.parametrize("nsid", METHODS)
def test_nul_in_any_text_of_a_call_is_refused(nsid: str) -> None:
    params, value = samples.values(nsid)
    for who in credentials(nsid):
        for path, leaf in leaves([params, value]):
            if isinstance(leaf, str) and path[-1] != "$type":
                call = samples.request(nsid, who, *changed([params, value], path, NUL))
                assert 400 <= answer_to(call) < 500, path


@pytest.mark.parametrize("nsid", METHODS)
def test_no_value_of_a_call_is_a_fault_of_ours(nsid: str) -> None:
    params, value = samples.values(nsid)
    for who in credentials(nsid):
        for path, leaf in leaves([params, value]):
            for other in TEXTS if isinstance(leaf, str) else NUMBERS:
                answer_to(samples.request(nsid, who, *changed([params, value], path, other)))


@pytest.mark.parametrize("shape", SHAPES, ids=[f"{verb} {path}" for verb, path, _ in SHAPES])
def test_no_value_of_a_form_is_a_fault_of_ours(shape: forms.Form) -> None:
    verb, path, fields = shape
    for name in fields:
        for text in TEXTS:
            answer_to(forms.request(verb, path, {**fields, name: text}))
        for operator in ("regex", "gt", "in", "isnull", "contains"):
            column = name.partition("__")[0]
            answer_to(forms.request(verb, path, {**fields, f"{column}__{operator}": "(" * 3}))


@pytest.mark.parametrize("bad", ["%ED%A0%80", "%00", "%FF", "%80"])
@pytest.mark.parametrize("shape", SHAPES, ids=[f"{verb} {path}" for verb, path, _ in SHAPES])
def test_bytes_that_are_no_utf_8_are_no_fault_of_ours(shape: forms.Form, bad: str) -> None:
    verb, path, fields = shape
    for name in fields:
        data = forms.request(verb, path, {**fields, name: "$MARK"})
        for mark in (b"%24MARK", b"$MARK"):
            answer_to(data.replace(mark, bad.encode()))
            answer_to(data.replace(mark, unquote_to_bytes(bad)))


def test_the_account_pages_were_walked_by_somebody_who_is_signed_in() -> None:
    assert COOKIE == "grove-account"
    assert answer_to(forms.request("GET", "/account/", {})) == 200
    assert answer_to(forms.request("GET", "/console/", {})) == 200
