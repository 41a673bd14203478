"""What a browser may send to the console: exactly what its pages ask for."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.invites import codes
from hosting.models import Host
from moderation.desk import cases
from moderation.desk.subjects.subject import Subject
from moderation.models import Report
from tests.factories import open_account

pytestmark = pytest.mark.django_db
LISTS = [
    "accounts/account/",
    "accounts/invitecode/",
    "moderation/auditentry/",
    "mail/outgoingmail/",
]


def console(user, host="localhost") -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


def test_there_is_no_autocompletion(moderator):
    asked = {"app_label": "accounts", "model_name": "session", "field_name": "account", "term": ""}
    assert console(moderator).get("/console/autocomplete/", asked).status_code == 404


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize("operator", ["regex", "startswith", "gt", "in", "isnull", "contains"])
def test_a_filter_is_asked_by_its_own_name_alone(moderator, page, operator):
    for column in ("status", "action", "state", "is_disabled", "host", "password", "pk"):
        answer = console(moderator).get(f"/console/{page}", {f"{column}__{operator}": "("})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("accounts/account/", {"status__exact": "active"}),
        ("accounts/invitecode/", {"is_disabled__exact": "1"}),
        ("moderation/auditentry/", {"action__exact": "account.restore"}),
        ("mail/outgoingmail/", {"state__exact": "sent"}),
    ],
)
def test_the_filters_on_show_work(moderator, account, page, asked):
    assert console(moderator).get(f"/console/{page}", asked).status_code == 200


@pytest.mark.parametrize("field", ["sign_up_limit_count", "invite_interval_days"])
@pytest.mark.parametrize("number", ["99999999999", "9" * 5_000, "-1", "1e9"])
def test_a_number_that_is_too_large_is_refused_on_the_form(ash, staff_of, field, number):
    form = {"policy": "open", field: number, "reason": "growth"}
    answer = console(staff_of(ash, "owner")).post("/console/sign-ups/admission/", form)
    assert answer.status_code == 400
    assert b"console-error" in answer.content


@pytest.mark.parametrize("deed", ["reopen/", "discard/", "1/approve/", "1/refuse/"])
@pytest.mark.parametrize("reason", ["a\0b", "x" * 3_000])
def test_a_reason_that_no_log_takes_is_refused(ash, moderator, deed, reason):
    answer = console(moderator).post(f"/console/sign-ups/{deed}", {"reason": reason, "held": "1"})
    assert answer.status_code in (302, 400, 404)


def test_rows_that_were_never_there_are_dropped_in_silence(moderator):
    ticked = ["9" * 5_000, "9" * 18, "x", "-1", "²"]
    answer = console(moderator).post(
        "/console/sign-ups/discard/", {"held": ticked, "reason": "bots"}, follow=True
    )
    assert b"0 sign-ups deleted." in answer.content


def test_platform_staff_see_one_hosts_accounts(ash: Host, birch: Host, account, provider):
    other = open_account(birch)
    page = console(provider).get("/console/accounts/account/", {"host": str(birch.pk)})
    text = page.content.decode()
    assert other.did in text
    assert account.did not in text


def test_a_tenants_staff_cannot_filter_for_another_tenants_host(account, birch, moderator):
    page = console(moderator).get("/console/accounts/account/", {"host": str(birch.pk)})
    text = page.content.decode()
    assert account.did in text
    assert "birch" not in text


@pytest.fixture
def code(ash) -> str:
    return codes.give(ash, for_accounts=[], codes_each=1, uses_each=1)["admin"][0]


def test_an_auditor_does_not_see_codes_that_let_people_in(ash, code, staff_of):
    browser = console(staff_of(ash, "auditor"))
    page = browser.get("/console/accounts/invitecode/")
    assert page.status_code == 200
    assert code not in page.content.decode()
    assert b"1/1" in page.content
    found = browser.get("/console/accounts/invitecode/", {"q": code[:6]})
    assert b"1/1" not in found.content


def test_who_may_let_people_in_sees_their_codes(ash, code, staff_of):
    page = console(staff_of(ash, "support")).get("/console/accounts/invitecode/")
    assert code in page.content.decode()


def test_an_address_is_looked_up_at_the_hosts_in_view(account, birch, moderator, staff_of):
    asked = {"q": account.email.upper()}
    found = console(moderator).get("/console/look-up/", asked)
    assert found["location"] == f"/console/accounts/{account.did}/"
    elsewhere = console(staff_of(birch, "owner"), "birch.localhost")
    assert elsewhere.get("/console/look-up/", asked)["location"] == "/console/"


def test_a_report_leads_to_the_record(ash, account, moderator):
    uri = f"at://{account.did}/com.example.thing/k"
    Report.objects.create(
        host=ash, reported_by=account.did, reason_type="x#spam", subject_did=account.did,
        subject_uri=uri,
    )  # fmt: skip
    page = console(moderator).get("/console/moderation/report/").content.decode()
    assert f"/console/look-up/?{urlencode({'q': uri})}" in page


def test_the_first_page_says_what_waits(ash, birch, account, moderator):
    for host in (ash, birch):
        cases.open_or_join(host, Subject("did:plc:" + "y" * 24), "spam")
    page = console(moderator).get("/console/").content.decode()
    assert "1 case waits for a decision" in page
    assert "0 sign-ups wait for approval" in page


def test_a_browser_runs_no_inline_script_of_the_console(moderator):
    headers = console(moderator).get("/console/").headers
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
