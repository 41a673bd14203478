"""The pages of handle and address."""

import re
from html import unescape

import pytest

from accounts.authentication import email_codes
from accounts.authentication.email_codes import Purpose
from accounts.identity import handle_changes
from accounts.models import Account, SecurityChange
from accounts.pages.centre import handle
from hosting.limits import Bucket, Budget
from hosting.mail.models import OutgoingMail
from server.net import dns as txt_records
from server.net import http_client
from tests.unit.accounts.pages.signed_in_browser import forget_proof

HANDLE = "/account/handle"
CHANGE, DOMAIN, ADDRESS = f"{HANDLE}/change", f"{HANDLE}/domain", f"{HANDLE}/address"


@pytest.fixture
def mine(signed_in) -> Account:
    return Account.objects.select_related("host").get()


@pytest.fixture
def dns(monkeypatch):
    """TXT records by name; no web server answers for any handle."""
    records = {}

    def nobody(*_args, **_bounds):
        raise http_client.Unreachable("there is no network here")

    monkeypatch.setattr(txt_records, "values", lambda name: records.get(name, []))
    monkeypatch.setattr(txt_records, "backup_values", lambda name: records.get(name, []))
    monkeypatch.setattr(http_client, "request", nobody)
    return records


@pytest.fixture
def given(monkeypatch):
    """The handles that the directory was told of."""
    handles = []
    monkeypatch.setattr(handle_changes, "change_handle", lambda _, handle: handles.append(handle))
    return handles


def page(response, status=200) -> str:
    assert response.status_code == status
    return response.content.decode()


def test_handle_and_address_have_a_row_each(signed_in):
    text = page(signed_in.get(HANDLE))
    for path in (CHANGE, DOMAIN, ADDRESS, "/account/confirm-email"):
        assert f'href="{path}"' in text


def test_the_picker_begins_with_the_present_handle(signed_in):
    text = page(signed_in.get(CHANGE))
    assert 'value="alice"' in text
    assert "handle.js" in text


def test_another_handle_is_given(signed_in, given):
    response = signed_in.post(CHANGE, {"handle": "alicia", "domain": ".test"})
    assert response.url == HANDLE + "?saved=1"
    assert given == ["alicia.test"]


def test_an_address_with_the_old_name_leads_on_under_the_new_one(signed_in, given):
    sent = {"handle": "alicia", "domain": ".test"}
    response = signed_in.post("/account/u/alice.test/handle/change", sent)
    assert response.url == "/account/u/alicia.test/handle?saved=1"


@pytest.mark.parametrize(("label", "words"), [("al", "at least 3"), ("admin", "reserved")])
def test_what_is_wrong_with_a_handle_stands_beside_it(signed_in, given, label, words):
    assert words in page(signed_in.post(CHANGE, {"handle": label, "domain": ".test"}), 422)
    assert given == []


def test_the_records_of_a_domain_are_shown_with_what_is_found(signed_in, mine, dns):
    text = page(signed_in.post(DOMAIN, {"handle": "https://Alice.shop/", "check": "1"}))
    assert "_atproto.alice.shop" in text
    assert f"did={mine.did}" in text
    assert text.count("nothing yet") == 2
    assert 'name="use"' not in text


def test_a_domain_that_leads_here_can_be_used(signed_in, mine, dns, given):
    dns["_atproto.alice.shop"] = [f"did={mine.did}"]
    text = page(signed_in.post(DOMAIN, {"handle": "alice.shop", "check": "1"}))
    assert "leads to your account" in text
    assert 'name="use"' in text
    response = signed_in.post(DOMAIN, {"handle": "alice.shop", "use": "1"})
    assert response.url == HANDLE + "?saved=1"
    assert given == ["alice.shop"]


def again_of(response) -> str:
    """Where a page asks again by itself, without scripts."""
    found = re.search(r'<meta http-equiv="refresh" content="30;url=([^"]+)">', page(response))
    return unescape(found.group(1)) if found else ""


def test_the_page_asks_again_by_itself_until_it_is_found(signed_in, mine, dns):
    again = again_of(signed_in.post(DOMAIN, {"handle": "alice.shop", "check": "1"}))
    assert again == f"{DOMAIN}?handle=alice.shop&again=1"
    assert again_of(signed_in.get(again)) == f"{DOMAIN}?handle=alice.shop&again=2"
    dns["_atproto.alice.shop"] = [f"did={mine.did}"]
    found = signed_in.get(f"{DOMAIN}?handle=alice.shop&again=2")
    assert again_of(found) == ""
    assert 'name="use"' in page(found)


@pytest.mark.parametrize("count", ["20", "99", "999999", "-1", "x", ""])
def test_it_does_not_ask_for_ever(signed_in, dns, count):
    assert again_of(signed_in.get(DOMAIN, {"handle": "alice.shop", "again": count})) == ""


def test_asking_by_itself_takes_no_proof_and_changes_nothing(signed_in, mine, dns, given):
    dns["_atproto.alice.shop"] = [f"did={mine.did}"]
    forget_proof(mine)
    sent = {"handle": "alice.shop", "again": "1", "use": "1"}
    assert "leads to your account" in page(signed_in.get(DOMAIN, sent))
    asked = signed_in.post(f"{DOMAIN}?handle=alice.shop&again=1", sent)
    assert asked.url.startswith("/account/prove")
    assert given == []


def test_asking_by_itself_has_the_button_s_budget(signed_in, dns, monkeypatch, settings):
    settings.RATE_LIMITS = True
    monkeypatch.setattr(handle, "PROOFS", Bucket("one-proof", (Budget(1, 300),)))
    again = again_of(signed_in.post(DOMAIN, {"handle": "alice.shop", "check": "1"}))
    assert signed_in.get(again).status_code == 429


def test_a_domain_that_leads_to_somebody_else_cannot(signed_in, dns, given):
    dns["_atproto.alice.shop"] = ["did=did:plc:" + "b" * 24]
    text = page(signed_in.post(DOMAIN, {"handle": "alice.shop", "use": "1"}), 422)
    assert "leads to another account: did:plc:bbb" in text
    assert "does not lead to your account yet" in text
    assert given == []


def test_what_is_no_domain_asks_nobody(signed_in, dns, given):
    text = page(signed_in.post(DOMAIN, {"handle": "a b", "use": "1"}), 422)
    assert "<title>Error: " in text
    assert given == []


# --- the address


def test_an_address_that_nobody_confirmed_is_left_at_once(signed_in, mine):
    response = signed_in.post(ADDRESS, {"email": "new@example.com"})
    assert response.url == "/account/confirm-email"
    assert Account.objects.get().email == "new@example.com"
    assert OutgoingMail.objects.filter(recipient="new@example.com", kind="confirm_email").exists()


def test_a_confirmed_address_is_left_with_a_code_from_there(signed_in, mine):
    code = email_codes.issue(mine, Purpose.CONFIRM_EMAIL)
    signed_in.post("/account/confirm-email", {"code": code})
    text = page(signed_in.post(ADDRESS, {"email": "new@example.com"}))
    assert 'name="code"' in text
    assert Account.objects.get().email == mine.email
    code = email_codes.issue(mine, Purpose.UPDATE_EMAIL)
    response = signed_in.post(ADDRESS, {"email": "new@example.com", "code": code})
    assert response.url == "/account/confirm-email"
    assert SecurityChange.objects.get().detail == "new@example.com"


@pytest.mark.parametrize(
    ("sent", "words"),
    [({"email": "nonsense"}, "not an e-mail address"), ({"email": ""}, "required")],
)
def test_what_is_wrong_with_an_address_stands_beside_it(signed_in, sent, words):
    assert words in page(signed_in.post(ADDRESS, sent), 422)


def test_a_wrong_code_stands_beside_its_field(signed_in, mine):
    Account.objects.update(email_confirmed_at=mine.created_at)
    sent = {"email": "new@example.com", "code": "AAAAA-AAAAA"}
    text = page(signed_in.post(ADDRESS, sent), 422)
    assert "This code is wrong" in text
    assert 'name="code"' in text
