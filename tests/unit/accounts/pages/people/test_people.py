"""The pages of an account's people, and those of who acts for it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.delegation import acting, visitors
from accounts.delegation.roles import Role
from accounts.models import ControllerSession, DelegatedDeed, Delegation, WebSession
from accounts.pages.cookies import VISITOR_COOKIE
from tests.delegates import delegation
from tests.factories import account_row
from tests.unit.accounts.pages.signed_in_browser import browser_of, forget_proof, text

pytestmark = pytest.mark.django_db
SHARED = "/account/u/alice.test"
ELSEWHERE = "did:plc:elsewhereelsewhereelsewh"
# Which pages of an account are there for whom; those that are not here, for no controller.
OPEN = {
    "": set(Role),
    "prove": set(Role),
    "prove/openid": set(Role),
    "prove/openid/done": set(Role),
    "handle": {Role.OWNER},
    "handle/change": {Role.OWNER},
    "handle/domain": {Role.OWNER},
    "apps": {Role.OWNER, Role.ADMIN},
    "people": {Role.OWNER, Role.ADMIN},
    "people/log": {Role.OWNER, Role.ADMIN},
    "people/invite": {Role.OWNER},
    "people/1": {Role.OWNER},
}


@pytest.fixture
def bob(ash):
    return account_row(ash, "bob")


def pages() -> list[str]:
    """Every page of an account, as the part of its address behind the name."""

    def below(patterns, prefix=""):
        for each in patterns:
            route = prefix + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from below(each.url_patterns, route)
            elif getattr(each.callback, "is_account_page", False):
                yield re.sub(r"<int:\w+>", "1", route)

    prefix = "account/u/<str:who>/"
    every = below(get_resolver("hosting.urls").url_patterns)
    return [each.removeprefix(prefix) for each in every if each.startswith(prefix)]


def is_closed(browser: Client, page: str) -> bool:
    """Whether a page says that it is in no role of whoever asks, however it is asked for."""
    shown, sent = browser.get(f"{SHARED}/{page}"), browser.post(f"{SHARED}/{page}")
    statuses = {each.status_code for each in (shown, sent) if each.status_code != 405}
    assert statuses, page
    return statuses == {403}


@pytest.mark.parametrize("role", Role)
def test_pages_open_to_a_role_by_the_table_alone(alice, bob, role):
    delegation(alice, bob, role, "repo:a.b.c" if role == Role.CUSTOM else "")
    browser = browser_of(bob)
    opened = {page for page in pages() if not is_closed(browser, page)}
    assert opened == {page for page, roles in OPEN.items() if role in roles}


def test_a_stranger_is_sent_to_sign_in(alice, bob, ash):
    delegation(alice, bob)
    browser = browser_of(account_row(ash, "carol"))
    assert browser.get(f"{SHARED}/").url.startswith("/account/sign-in")


def test_nobody_acts_before_they_accepted_or_after_they_were_removed(alice, bob):
    made = delegation(alice, bob)
    browser = browser_of(bob)
    assert browser.get(f"{SHARED}/").status_code == 200
    made.delete()
    assert browser.get(f"{SHARED}/").status_code == 302
    later = timezone.now() + timedelta(days=1)
    made.accepted_at, made.expires_at, made.pk = None, later, None
    made.save()
    assert browser.get(f"{SHARED}/").status_code == 302


@pytest.mark.parametrize("moment", ["deactivated_at", "taken_down_at", "suspended_at"])
def test_who_is_not_active_acts_for_nobody(alice, bob, moment):
    delegation(alice, bob)
    browser = browser_of(bob)
    setattr(bob, moment, timezone.now())
    bob.save()
    assert browser.get(f"{SHARED}/").status_code == 302


def test_a_controller_of_a_controller_acts_for_no_third(alice, bob, ash):
    carol = account_row(ash, "carol")
    delegation(alice, bob, Role.OWNER)
    delegation(bob, carol, Role.OWNER)
    browser = browser_of(carol)
    assert browser.get("/account/u/bob.test/").status_code == 200
    assert browser.get(f"{SHARED}/").status_code == 302
    assert browser.get("/account/u/bob.test/acting").status_code == 403


def test_the_home_page_of_a_controller_shows_no_address(alice, bob):
    delegation(alice, bob, Role.ADMIN)
    page = text(browser_of(bob).get(f"{SHARED}/"))
    assert "You act for this account" in page
    assert alice.email not in page


def test_somebody_is_invited_accepts_and_leaves(alice, bob):
    owner, invited = browser_of(alice), browser_of(bob)
    sent = owner.post("/account/people/invite", {"name": "@bob", "role": "editor", "scope": ""})
    assert sent.url == "/account/people?saved=1"
    assert "invited, until" in text(owner.get("/account/people"))
    assert "You are invited to act for @alice.test." in text(invited.get("/account/"))
    made = Delegation.objects.get()
    assert invited.post("/account/acting", {"accept": made.pk}).url == "/account/acting?saved=1"
    assert f'href="{SHARED}/"' in text(invited.get("/account/"))
    invited.post("/account/acting", {"leave": made.pk})
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": "alice"}, "This is the account itself."),
        ({"name": "a b"}, "Enter a valid handle."),
        ({"role": "king"}, "Select a valid choice."),
        ({"role": "custom", "scope": "identity:*"}, "Enter scopes such as"),
    ],
)
def test_bad_input_is_told_at_its_field(alice, bob, given, problem):
    form = {"name": "bob", "role": "editor", "scope": "", **given}
    answer = browser_of(alice).post("/account/people/invite", form)
    assert (answer.status_code, problem in text(answer)) == (422, True)
    assert "<title>Error:" in text(answer)


def test_a_role_is_changed_and_ends_by_the_same_page(alice, bob):
    made, browser = delegation(alice, bob), browser_of(alice)
    page = f"/account/people/{made.pk}"

    browser.post(page, {"role": "viewer", "scope": "", "seen": "editor"})
    assert Delegation.objects.get().role == Role.VIEWER
    stale = browser.post(page, {"role": "admin", "scope": "", "seen": "editor"})
    assert (stale.status_code, "Somebody changed this" in text(stale)) == (422, True)
    browser.post(page, {"role": "viewer", "scope": "", "seen": "viewer", "remove": "1"})
    assert not Delegation.objects.exists()


def test_what_changes_people_asks_for_a_fresh_proof(alice, bob):
    made, browser = delegation(alice, bob), browser_of(alice)
    forget_proof(alice)
    for page in ("/account/people/invite", f"/account/people/{made.pk}"):
        assert browser.get(page).url.startswith("/account/prove")
        assert browser.post(page, {"remove": "1"}).url.startswith("/account/prove")


def test_a_controller_proves_who_they_are_by_their_own_password(alice, bob):
    delegation(alice, bob, Role.OWNER)
    browser = browser_of(bob)
    WebSession.objects.update(proved_at=None)
    proof = browser.get(f"{SHARED}/people/invite").url
    assert (
        browser.post(proof, {"password": "correct horse battery"}).url == f"{SHARED}/people/invite"
    )


def test_what_a_controller_sends_is_written_down(alice, bob, ash):
    account_row(ash, "carol")
    delegation(alice, bob, Role.OWNER)
    form = {"name": "carol", "role": "viewer", "scope": ""}
    browser_of(bob).post(f"{SHARED}/people/invite", form)
    deed = DelegatedDeed.objects.get()
    assert (deed.controller_did, deed.deed) == (bob.did, "page:invite_person")
    page = text(browser_of(alice).get("/account/people/log"))
    assert "@bob.test" in page
    assert "invite_person" in page


def test_the_log_goes_on_where_a_page_ends(alice, bob):
    rows = [
        DelegatedDeed(
            account=alice,
            controller_did=bob.did,
            deed="commit",
            detail=f"create a.b.c/{n}",
            at=timezone.now(),
        )
        for n in range(51)
    ]
    last = DelegatedDeed.objects.bulk_create(rows)[1]
    browser = browser_of(alice)
    assert f'href="?before={last.pk}"' in text(browser.get("/account/people/log"))
    older = text(browser.get(f"/account/people/log?before={last.pk}"))
    assert "create a.b.c/0" in older
    assert "create a.b.c/1<" not in older


@pytest.fixture
def visitor(ash):
    browser = Client(HTTP_HOST=ash.hostname)
    browser.cookies[VISITOR_COOKIE] = visitors.begin(ash, ELSEWHERE, "zoe.example.com")
    return browser


def invited_visitor(account, role=Role.OWNER) -> Delegation:
    later = timezone.now() + timedelta(days=1)
    return Delegation.objects.create(
        account=account, controller_did=ELSEWHERE, handle="zoe.example.com", role=role,
        invited_at=timezone.now(), expires_at=later,
    )  # fmt: skip


def test_a_visitor_accepts_and_acts(alice, visitor):
    made = invited_visitor(alice)
    assert "@zoe.example.com" in text(visitor.get("/account/visit/accounts"))
    visitor.post("/account/visit/accounts", {"accept": made.pk})
    page = text(visitor.get(f"{SHARED}/"))
    assert "acting for" in page
    assert "@zoe.example.com" in page
    assert visitor.get("/account/").status_code == 302  # no account of their own here


def test_a_visitor_proves_anew_at_their_own_host(alice, visitor):
    acting.accept(alice.host, ELSEWHERE, invited_visitor(alice).pk)
    ControllerSession.objects.update(proved_at=timezone.now() - timedelta(hours=1))
    assert visitor.get(f"{SHARED}/people/invite").url.startswith("/account/visit?next=")


def test_a_visitor_of_one_host_is_nobody_at_another(alice, visitor, birch):
    there = account_row(birch, "alice")
    acting.accept(there.host, ELSEWHERE, invited_visitor(there).pk)
    visitor.defaults["HTTP_HOST"] = birch.hostname
    assert visitor.get(f"/account/u/{there.did}/").status_code == 302


@pytest.mark.parametrize("moment", ["taken_down_at", "suspended_at"])
def test_whom_this_host_withholds_comes_back_as_no_visitor(alice, visitor, ash, moment):
    acting.accept(alice.host, ELSEWHERE, invited_visitor(alice).pk)
    zoe = account_row(ash, "zoe", did=ELSEWHERE)  # whose DID leads elsewhere by now
    setattr(zoe, moment, timezone.now())
    zoe.deactivated_at = zoe.moved_away_at = timezone.now()
    zoe.save()
    assert visitor.get(f"{SHARED}/").status_code == 302


def test_who_moved_away_visits(alice, visitor, ash):
    acting.accept(alice.host, ELSEWHERE, invited_visitor(alice).pk)
    zoe = account_row(ash, "zoe", did=ELSEWHERE)
    zoe.deactivated_at = zoe.moved_away_at = timezone.now()
    zoe.save()
    assert visitor.get(f"{SHARED}/").status_code == 200


def test_a_visitor_signs_out(visitor):
    visitor.post("/account/visit/end")
    assert not ControllerSession.objects.exists()
    assert visitor.get("/account/visit/accounts").url == "/account/visit"
