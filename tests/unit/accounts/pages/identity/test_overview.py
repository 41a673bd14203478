"""The identity page, with a directory that answers, is silent, or lies."""

import pytest

from accounts.identity.did_log import directory
from accounts.identity.plc import client
from accounts.models import Account, RecoveryKey
from accounts.signup import sign_up
from protocol.keys import SigningKey
from tests.factories import account_row, wanted
from tests.unit.accounts.identity import past_the_host
from tests.unit.accounts.pages.signed_in_browser import browser_of, text

PAGE = "/account/identity"
OWN, OTHER = (SigningKey.generate("p256").did_key for _ in range(2))
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted(recovery_key=OWN))


def shown(account: Account) -> str:
    response = browser_of(account).get(PAGE)
    assert response.status_code == 200
    return text(response)


def test_did_document_and_keys_in_order_are_shown(account):
    page = shown(account)
    for said in (account.did, "@alice.test", account.host.origin, account.signing_did_key):
        assert said in page
    assert page.index(OWN) < page.index(account.host.rotation_did_key)
    assert "You: it was given at sign-up" in page
    assert "This host: with it we change handle and keys for you" in page


def test_the_log_is_told_in_words_with_who_may_undo_what(account):
    past_the_host.publish(account, alsoKnownAs=["at://b.test"])
    page = shown(account)
    assert "Identity created for @alice.test at" in page
    assert "Handle changed from @alice.test to @b.test." in page
    assert "Signed by this host." in page
    assert "(UTC) it can be undone with" in page


def test_a_named_key_says_where_it_is_and_whether_it_was_tested(account):
    RecoveryKey.objects.create(account=account, did_key=OWN, name="in the safe")
    page = shown(account)
    assert "You: in the safe" in page
    assert "Never tested." in page


def test_a_silent_directory_is_named_and_the_last_word_shown(account, plc, monkeypatch):
    monkeypatch.setattr(directory, "FRESH_FOR", directory.timedelta(0))
    shown(account)
    plc.down = True
    page = shown(account)
    assert "The PLC directory does not answer." in page
    assert "This is what it said on" in page
    assert OWN in page


def test_without_any_last_word_the_document_is_that_of_our_rows(account, plc):
    plc.down = True
    page = shown(account)
    assert "The log and the keys can be seen when it does." in page
    assert account.signing_did_key in page


def test_a_directory_that_lies_is_not_repeated(account, monkeypatch):
    entries = client.audit_log(account.did)
    forged = [{**entries[0], "operation": {**entries[0]["operation"], "alsoKnownAs": ["at://x.y"]}}]
    monkeypatch.setattr(client, "audit_log", lambda *_: forged)
    page = shown(account)
    assert "gave an answer that cannot be true" in page
    assert "x.y" not in page


def test_where_our_key_is_missing_nothing_can_be_changed_here(account):
    past_the_host.publish(account, rotationKeys=[OTHER])
    page = shown(account)
    assert "This host's key is not among them" in page
    assert "Remove" not in page


def test_a_did_web_of_elsewhere_is_said_to_be_in_its_owners_hands(ash):
    page = shown(account_row(ash, did="did:web:alice.example"))
    assert "Your own web server serves the document" in page


def test_home_leads_here_and_asks_for_a_recovery_key_where_there_is_none(ash, plc):
    account = sign_up.sign_up(ash, wanted())
    home = text(browser_of(account).get("/account/"))
    assert f'href="{PAGE}"' in home
    assert "You have no recovery key" in home


def test_home_asks_nobody_who_has_one(account):
    assert "You have no recovery key" not in text(browser_of(account).get("/account/"))
