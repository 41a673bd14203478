"""The console's pages of actions, policies, texts, networks and appeals."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Account, SignUpBlock
from hosting.mail.models import OutgoingMail
from moderation.enforcement import actions, appeals
from moderation.enforcement.actions import ACTIONS, ActionInput
from moderation.enforcement.legal import evidence_exports
from moderation.models import AuditEntry, Decision, EvidenceExport, LegalHold, NoticeText, Policy

pytestmark = pytest.mark.django_db
POLICY = {
    "name": "No spam", "public_text": "Do not.", "severity": "low", "default_action": "warn",
    "strikes": "1", "strike_days": "30", "suspends_at": "3", "suspension_days": "7",
}  # fmt: skip


def console(user, host="localhost") -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


def day(ahead: int) -> str:
    return (timezone.now() + timedelta(days=ahead)).date().isoformat()


@pytest.mark.parametrize("name", ACTIONS)
def test_each_action_has_a_page_that_says_what_it_does(moderator, account, name):
    page = console(moderator).get(f"/console/accounts/{account.did}/actions/{name}/")
    assert page.status_code == 200
    assert str(ACTIONS[name].consequence).replace("'", "&#x27;") in page.content.decode()


@pytest.mark.parametrize("record", ["com.example.thing/none", "x"])
def test_an_action_on_no_record_has_no_page(moderator, account, record):
    page = f"/console/accounts/{account.did}/actions/take_down_record/?record={record}"
    browser = console(moderator)
    assert browser.get(page).status_code == browser.post(page, {"reason": "x"}).status_code == 404


def test_a_suspension_with_a_notice_is_begun_and_lifted(moderator, account):
    page = f"/console/accounts/{account.did}/actions/suspend/"
    given = {"reason": "spam", "until": day(3), "words": "Stop.", "is_told": "on"}
    assert console(moderator).post(page, given).status_code == 302
    assert Account.objects.get(pk=account.pk).status == "suspended"
    assert "Stop." in OutgoingMail.objects.get(kind="decision").text
    assert console(moderator).post(f"{page}undo/", {"reason": "served"}).status_code == 302
    assert Account.objects.get(pk=account.pk).status == "active"


@pytest.mark.parametrize("given", [{}, {"reason": "spam"}, {"reason": "spam", "until": day(0)}])
def test_what_lacks_something_is_refused_on_the_page(moderator, account, given):
    page = f"/console/accounts/{account.did}/actions/suspend/"
    assert console(moderator).post(page, given).status_code == 400
    assert not AuditEntry.objects.about(account.did).exists()


def test_triage_may_warn_and_not_suspend(ash, staff_of, account):
    triage = console(staff_of(ash, "triage"))
    page = f"/console/accounts/{account.did}/actions/"
    assert triage.post(f"{page}warn/", {"reason": "spam", "words": "Stop."}).status_code == 302
    given = {"reason": "spam", "until": day(3)}
    assert triage.post(f"{page}suspend/", given).status_code == 403
    assert Account.objects.get(pk=account.pk).status == "active"


def test_an_owner_keeps_the_list_of_policies(owner):
    client = console(owner)
    assert client.post("/console/policies/new/", POLICY).status_code == 302
    policy = Policy.objects.get()
    assert client.post("/console/policies/new/", POLICY).status_code == 400
    changed = {**POLICY, "strikes": "2"}
    assert client.post(f"/console/policies/{policy.pk}/", changed).status_code == 302
    assert Policy.objects.get().strikes == 2
    assert client.post(f"/console/policies/{policy.pk}/retire/").status_code == 302
    assert "No spam" not in client.get("/console/policies/").content.decode().split("<main")[0]


def test_an_owner_writes_a_text_and_takes_it_back(owner):
    client, page = console(owner), "/console/policies/texts/warn/de/"
    assert client.post(page, {"text": "Hallo {handle}"}).status_code == 302
    assert NoticeText.objects.get().text == "Hallo {handle}"
    assert client.post(page, {"text": "Hallo {wer}"}).status_code == 400
    client.post(page, {"text": ""})
    assert not NoticeText.objects.exists()


def test_a_network_is_blocked_and_freed(owner):
    client, given = console(owner), {"network": "192.0.2.9/24", "reason": "bots"}
    client.post("/console/policies/networks/", given)
    assert "192.0.2.0/24" in client.get("/console/policies/").content.decode()
    client.post("/console/policies/networks/remove/", {"network": "192.0.2.0/24", "reason": "ok"})
    assert not SignUpBlock.objects.exists()


def test_an_appeal_is_decided_by_the_second_person_on_its_page(moderator, owner, account):
    decision = actions.perform("take_down", moderator, account, ActionInput("spam", is_told=True))
    appeals.appeal(account, decision, "It was not me.")
    page = f"/console/appeals/{decision.pk}/"
    given = {"outcome": "reversed", "reason": "a mix-up", "words": "Sorry."}
    assert "It was not me." in console(moderator).get("/console/appeals/").content.decode()
    assert console(moderator).post(page, given).status_code == 403
    assert console(owner).post(page, given).status_code == 302
    assert Decision.objects.get().outcome == "reversed"
    assert Account.objects.get(pk=account.pk).status == "active"


def test_a_hold_is_placed_on_the_page_and_released_by_two(moderator, owner, account):
    console(moderator).post(f"/console/accounts/{account.did}/hold/", {"reason": "order 7"})
    assert "order 7" in console(moderator).get("/console/legal/").content.decode()
    hold = f"/console/legal/holds/{LegalHold.objects.get().pk}/"
    console(moderator).post(f"{hold}ask/", {"reason": "order lifted"})
    console(moderator).post(f"{hold}release/", {"reason": "over"})
    assert LegalHold.objects.open().exists()
    console(owner).post(f"{hold}release/", {"reason": "over"})
    assert not LegalHold.objects.open().exists()


@pytest.mark.django_db(transaction=True)
def test_an_owner_takes_evidence_out(owner, account, settings):
    settings.VALKEY_URL = ""
    client = console(owner)
    client.post(f"/console/accounts/{account.did}/evidence/", {"reason": "police"})
    evidence_exports.run(EvidenceExport.objects.get().pk)
    file = f"/console/legal/exports/{EvidenceExport.objects.get().pk}/evidence.zip"
    assert client.get(file).getvalue().startswith(b"PK")
    assert AuditEntry.objects.filter(action="evidence.download").exists()


def test_a_list_of_files_is_denied_from_the_page(owner):
    listed = SimpleUploadedFile("list.txt", b"a" * 64)
    given = {"listed": listed, "reason": "a partner's list"}
    page = console(owner).post("/console/legal/deny/", given, follow=True)
    assert "1 files are denied." in page.content.decode()
