"""The status page: kept figures, incidents that begin and end, and nobody else's."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from hosting.tenancy import routing
from provider.models import Incident, RelayStanding, StatusFigure
from provider.pages.status import watching

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(ash) -> Client:
    routing.forget()
    return Client(headers={"Host": "localhost"})


def states(browser) -> dict[str, str]:
    return {part["name"]: part["state"] for part in browser.get("/status.json").json()["parts"]}


def late_mail(host) -> None:
    now = timezone.now()
    OutgoingMail.objects.create(
        host=host, message_id="1", kind="decision", recipient="a@a.org", subject="s", text="t",
        expires_at=now, last_error="down",
    )  # fmt: skip
    OutgoingMail.objects.update(created_at=now - timedelta(hours=2))


def test_all_is_well(browser):
    watching.watch()
    assert states(browser) == dict.fromkeys(("api", "firehose", "mail", "plc"), "up")
    page = browser.get("/status", headers={"Accept-Language": "de"}).content.decode()
    assert "Alles funktioniert." in page
    assert not Incident.objects.exists()


def test_what_waits_too_long_is_an_incident_until_it_is_gone(ash, browser, settings):
    late_mail(ash)
    for _ in range(2):
        watching.watch()
    assert states(browser)["mail"] == "down"
    OutgoingMail.objects.all().delete()
    watching.watch()
    (incident,) = browser.get("/status.json").json()["incidents"]
    assert (incident["part"], incident["state"]) == ("mail", "down")
    assert incident["endedAt"]
    assert "E-mail: Works" in browser.get("/status.rss").content.decode()


def test_a_mailbox_that_takes_nothing_is_no_outage(ash, browser):
    late_mail(ash)
    OutgoingMail.objects.create(
        host=ash, message_id="2", kind="decision", recipient="b@b.org", subject="s",
        expires_at=timezone.now(),
    )  # fmt: skip
    OutgoingMail.objects.filter(message_id="2").decide("sent")
    watching.watch()
    assert states(browser)["mail"] == "up"


def test_old_figures_say_nothing(browser):
    watching.watch()
    StatusFigure.objects.update(checked_at=timezone.now() - timedelta(minutes=6))
    assert set(states(browser).values()) == {"unknown"}


def test_relays_are_a_hosts_own(ash, birch, browser, settings):
    settings.CRAWLERS = ["https://one.example", "https://two.example"]
    for host, warned in ((ash, []), (birch, ["banned"])):
        for relay in settings.CRAWLERS:
            RelayStanding.objects.create(
                host=host, relay=relay, checked_at=timezone.now(), warnings=warned
            )
    watching.watch()
    assert states(browser)["relays"] == "up"
    theirs = Client(headers={"Host": birch.hostname})
    StatusFigure.objects.update(checked_at=timezone.now() - timedelta(hours=1))
    watching.watch()
    assert states(theirs)["relays"] == "down"
    assert browser.get("/status.json").json()["incidents"] == []


def test_the_operator_tells_of_an_incident(browser):
    def run(*args: str) -> dict:
        out = StringIO()
        call_command("incident", *args, "--json", stdout=out)
        return json.loads(out.getvalue())

    number = str(run("open", "api", "A disk <fails>.")["incident"])
    run("note", number, "It is being replaced.")
    assert "A disk &lt;fails&gt;.<br>It is" in browser.get("/status").content.decode()
    run("close", number)
    assert run("list")[0]["ended"]
    for bad in (("note", "0", "x"), ("open", "api", " ")):
        with pytest.raises(CommandError):
            call_command("incident", *bad)


def test_a_view_costs_three_statements(browser, django_assert_max_num_queries):
    watching.watch()
    browser.get("/status")
    with django_assert_max_num_queries(3):
        browser.get("/status")
