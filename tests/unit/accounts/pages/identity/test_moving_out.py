"""Moving out on pages: a code for a wizard; a recommendation that is shown, then published."""

import json

import pytest
from django.test import Client

from accounts import status
from accounts.identity.plc import client, owner_operations
from accounts.identity.recovery_keys import changes
from accounts.models import Account, SecurityChange, SeenPlcLog
from accounts.signup import sign_up
from hosting.mail.models import OutgoingMail
from protocol.keys import SigningKey
from tests.factories import wanted
from tests.unit.accounts.pages.signed_in_browser import browser_of, code_of, text

PAGE = "/account/move-out"
CONFIRM = "/account/identity/confirm"
NEW = "https://new.example.com"
THEIRS, SIGNING, THIEF = (SigningKey.generate().did_key for _ in range(3))
RECOMMENDED = {
    "rotationKeys": [THEIRS],
    "alsoKnownAs": ["at://alice.new.example.com"],
    "verificationMethods": {"atproto": SIGNING},
    "services": {"atproto_pds": {"type": "AtprotoPersonalDataServer", "endpoint": NEW}},
}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


@pytest.fixture
def browser(account) -> Client:
    return browser_of(account)


def leave(browser: Client, account: Account):
    page = browser.post(PAGE, {"credentials": json.dumps(RECOMMENDED)})
    wanted = page.context["form"]["intention"].value()
    code = code_of(account, owner_operations.PURPOSE)
    return browser.post(CONFIRM, {"intention": wanted, "code": code})


def test_the_code_for_a_wizard_is_mailed_from_the_page(browser):
    assert "A code is on its way to alice@example.com." in text(browser.post(PAGE + "/code"))
    assert OutgoingMail.objects.filter(kind="plc_operation").count() == 1


def test_what_will_change_is_shown_in_words_and_nothing_has_changed(browser, account):
    page = text(browser.post(PAGE, {"credentials": json.dumps(RECOMMENDED)}))
    assert f"Your account moves from {account.host.origin} to {NEW}." in page
    assert "Your handle is @alice.new.example.com instead of @alice.test." in page
    assert client.newest(account.did)["rotationKeys"] == [account.host.rotation_did_key]


def test_a_confirmed_move_is_published_and_told(browser, account):
    assert leave(browser, account).status_code == 302
    assert client.newest(account.did)["services"] == RECOMMENDED["services"]
    account.refresh_from_db()
    assert account.status == "deactivated"
    assert SecurityChange.objects.get(kind="moved_away").detail == NEW
    assert "This is a copy that nobody sees." in text(browser.get("/account/state"))


def test_what_became_another_since_it_was_shown_is_not_published(browser, account):
    page = browser.post(PAGE, {"credentials": json.dumps(RECOMMENDED)})
    code = code_of(account, owner_operations.PURPOSE)
    changes.add(account, code, THIEF, is_proven=False)
    given = {"intention": page.context["form"]["intention"].value()}
    response = browser.post(CONFIRM, {**given, "code": code_of(account, owner_operations.PURPOSE)})
    assert "Please try again." in text(response)
    assert client.newest(account.did)["services"] != RECOMMENDED["services"]


def test_the_plan_stays_in_sight_while_the_directory_is_down(browser, account, plc):
    page = browser.post(PAGE, {"credentials": json.dumps(RECOMMENDED)})
    plc.down = True
    SeenPlcLog.objects.all().delete()
    given = {"intention": page.context["form"]["intention"].value(), "code": "WRONG-WRONG"}
    assert f"to {NEW}." in text(browser.post(CONFIRM, given))


@pytest.mark.parametrize("pasted", ["", "x", "{}", json.dumps({**RECOMMENDED, "services": {}})])
def test_nonsense_gets_a_sentence_at_the_field(browser, account, pasted):
    response = browser.post(PAGE, {"credentials": pasted})
    assert response.status_code == 422
    assert 'id="id_credentials_error"' in text(response)


def test_who_was_taken_down_signs_in_and_leaves(account):
    status.take_down(account)
    account.refresh_from_db()
    browser = browser_of(account)
    assert browser.get(PAGE).status_code == 200
    assert leave(browser, account).status_code == 302
    assert client.newest(account.did)["services"] == RECOMMENDED["services"]


def test_the_page_says_how_long_the_copy_is_kept(browser, account):
    assert "kept until you delete it" in text(browser.get(PAGE))
    account.host.tenant.moved_copy_kept_days = 90
    account.host.tenant.save()
    assert "kept for 90 days" in text(browser_of(account).get(PAGE))


def test_while_the_directory_is_down_nothing_is_lost(browser, account, plc):
    plc.down = True
    response = browser.post(PAGE, {"credentials": json.dumps(RECOMMENDED)})
    assert response.status_code == 503
    assert NEW in text(response)
