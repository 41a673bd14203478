"""What no page can read is refused before one tries."""

import pytest
from django.test import Client

from hosting.models import Host
from hosting.tenancy import routing

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def client(ash: Host) -> Client:
    routing.forget()
    return Client(enforce_csrf_checks=True, headers={"host": "localhost"})


@pytest.mark.parametrize(
    "content_type", [f"{FORM}; charset=utf-16", f"{FORM}; charset=latin-1", "multipart/form-data"]
)
def test_a_form_that_cannot_be_read_is_the_senders_fault(client: Client, content_type: str) -> None:
    client.cookies["csrftoken"] = "x" * 32
    answer = client.post("/account/sign-in", b"a=b", content_type=content_type)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/account/handle-available?handle=%00", "/account/%00"])
def test_nul_in_an_address_is_the_senders_fault(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400


def test_a_form_that_is_too_long_is_not_read(client: Client) -> None:
    answer = client.post("/account/sign-in", b"a=b", content_type=FORM, CONTENT_LENGTH=102_401)
    assert answer.status_code == 413


def test_too_many_fields_are_the_senders_fault(client: Client) -> None:
    answer = client.post("/account/sign-in", b"a=b&" * 2000, content_type=FORM)
    assert answer.status_code == 400


def test_ordinary_forms_reach_their_page(client: Client) -> None:
    assert client.post("/account/sign-in", {"identifier": "x"}).status_code == 403  # no token


@pytest.mark.parametrize("form", [b"identifier=a%00b", b"a%00b=c", b"identifier=a\0b"])
def test_nul_in_a_form_is_the_senders_fault(client: Client, form: bytes) -> None:
    assert client.post("/account/sign-in", form, content_type=FORM).status_code == 400
