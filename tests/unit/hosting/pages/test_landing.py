"""The few routes that belong to no tenant, and the headers that every page carries."""

import pytest
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from hosting.models import Host
from hosting.tenancy import routing


@pytest.fixture
def client(ash: Host) -> Client:
    routing.forget()
    return Client(headers={"host": "localhost"})


def test_the_banner_names_the_host(client: Client) -> None:
    answer = client.get("/")
    assert answer["Content-Type"].startswith("text/plain")
    assert b"localhost" in answer.content


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("accept", [None, "*/*", "text/plain", "application/json", "text/*"])
def test_whoever_asks_for_no_page_gets_text(client: Client, accept: str | None) -> None:
    answer = client.get("/", headers={"accept": accept} if accept else {})
    assert answer["Content-Type"].startswith("text/plain")
    assert "Accept" in answer["Vary"]


def test_a_browser_gets_a_page_in_the_tenants_name(client: Client, ash: Host) -> None:
    ash.tenant.support_email, ash.tenant.terms_of_service_url = (
        "help@ash.test",
        "https://ash.test/t",
    )
    ash.tenant.save()
    answer = client.get("/", headers={"accept": BROWSER})
    page = answer.content.decode()
    told = ("<h1>Accounts of Ash</h1>", "/account/sign-up", "/account/sign-in", "help@ash.test",
            "https://ash.test/t", "<main", 'name="viewport"')  # fmt: skip
    assert [words for words in told if words not in page] == []
    assert answer["Vary"].count("Accept") >= 1
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_the_page_speaks_german(client: Client) -> None:
    answer = client.get("/", headers={"accept": BROWSER, "accept-language": "de"})
    assert "Konten von Ash" in answer.content.decode()
    assert "Betrieben von" in answer.content.decode()


@pytest.mark.parametrize("admission", [Host.Admission.CLOSED, Host.Admission.MIGRATION_ONLY])
def test_a_closed_host_invites_nobody(client: Client, ash: Host, admission: str) -> None:
    Host.objects.filter(pk=ash.pk).update(admission=admission)
    page = client.get("/", headers={"accept": BROWSER}).content.decode()
    assert "/account/sign-up" not in page
    assert "/account/sign-in" in page


def test_crawlers_are_welcome(client: Client) -> None:
    assert b"Allow: /" in client.get("/robots.txt").content


def test_a_page_loads_nothing_from_elsewhere_and_is_not_framed(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_the_console_has_the_policy_of_every_other_page(client: Client) -> None:
    policies = {client.get(path)["Content-Security-Policy"] for path in ("/", "/console/login/")}
    assert len(policies) == 1


def test_pages_are_not_sniffed_and_keep_their_address_to_themselves(client: Client) -> None:
    answer = client.get("/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_xrpc_carries_no_page_headers_and_no_cookies(client: Client) -> None:
    answer = client.get("/xrpc/_health")
    assert "Content-Security-Policy" not in answer
    assert not answer.cookies


def test_a_handles_name_serves_no_xrpc(client: Client) -> None:
    assert client.get("/xrpc/_health", headers={"host": "alice.test"}).status_code == 404


def test_a_page_that_is_not_there_is_a_page_of_the_tenant(client: Client) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert b"Page not found" in answer.content
    assert b"Ash" in answer.content


def test_a_form_without_its_cookie_is_refused_in_plain_words(ash: Host) -> None:
    browser = Client(headers={"host": ash.hostname}, enforce_csrf_checks=True)
    answer = browser.post("/account/sign-in", {"identifier": "alice", "password": "x"})
    assert answer.status_code == 403
    assert b"Allow cookies for this site" in answer.content


def test_a_fault_is_a_page_that_needs_no_database() -> None:
    answer = server_error(RequestFactory().get("/account/"))
    assert answer.status_code == 500
    assert b"A fault on our side" in answer.content
