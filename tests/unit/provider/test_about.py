"""About a host: what its tenant says, and nothing that it does not."""

import pytest
from django.test import Client

from hosting.tenancy import routing
from moderation.audit import OPERATOR
from provider.tenancy import tenants

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(ash) -> Client:
    routing.forget()
    return Client(headers={"Host": "localhost"})


def test_programs_read_what_was_said_and_no_more(ash, browser):
    tenants.change(ash.tenant, {"operator": "Ash e. V.", "country": "DE"}, OPERATOR)
    said = browser.get("/about.json").json()
    assert (said["operator"], said["country"], said["admission"]) == ("Ash e. V.", "DE", "open")
    assert said["handleDomains"] == [".test"]
    assert "backups" not in said


def test_people_read_it_in_their_language(ash, browser):
    promises = {"backups": "Every night.", "exit_promise": "Half a year's notice."}
    tenants.change(ash.tenant, promises, OPERATOR)
    page = browser.get("/about", headers={"Accept-Language": "de"}).content.decode()
    assert "Über diesen Host" in page
    assert "Every night." in page
    assert "Half a year&#x27;s notice." in page


def test_the_landing_page_leads_there(browser):
    page = browser.get("/", headers={"Accept": "text/html"}).content.decode()
    assert 'href="/about"' in page
