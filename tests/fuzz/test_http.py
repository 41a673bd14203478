"""The whole application in small: every method with a well-formed body, and mutations of them."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hosting.models import Host
from hosting.tenancy import routing
from repos.state import long_reads
from server.net import http_client
from tests.fuzz import http
from tests.fuzz.test_targets import mutations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True, scope="module")
def hang_up() -> Iterator[None]:
    yield
    long_reads.close_idle()


@pytest.fixture(autouse=True)
def world(ash: Host, monkeypatch: pytest.MonkeyPatch, settings) -> None:
    settings.RATE_LIMITS = False
    for name in ("request", "request_configured"):  # `enter` replaces them; here only for a test
        monkeypatch.setattr(http_client, name, getattr(http_client, name))
    routing.forget()
    http.enter(ash)


@pytest.mark.long
def test_requests_of_every_kind_are_answered() -> None:
    for seed in http.SEEDS:
        http.check(seed)


@pytest.mark.long
@settings(
    max_examples=150,
    deadline=30_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=mutations(http.SEEDS))
def test_mutations_are_answered(data: bytes) -> None:
    http.check(data)


@pytest.mark.long
@settings(
    max_examples=50,
    deadline=30_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.binary(max_size=200))
def test_noise_is_answered(data: bytes) -> None:
    http.check(data)
