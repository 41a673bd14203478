"""What a person reads about decisions on their account, and how they appeal."""

import pytest
from django.test import Client

from accounts.authentication import web_sessions
from accounts.models import Account
from accounts.pages.cookies import COOKIE
from moderation.enforcement import actions
from moderation.enforcement.actions import ActionInput
from moderation.models import Decision
from tests.factories import open_account

pytestmark = pytest.mark.django_db
LIST = "/account/decisions"


def browser_of(account: Account) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.cookies[COOKIE] = web_sessions.begin(account)
    return browser


def decide(moderator, account, name="take_down", **more) -> Decision:
    return actions.perform(name, moderator, account, ActionInput("spam", **more))


def test_who_was_taken_down_reads_why_and_appeals(moderator, account):
    decision = decide(moderator, account, words="You sent spam.", is_told=True)
    browser = browser_of(account)
    assert "taken down" in browser.get(LIST).content.decode()
    page = browser.get(f"{LIST}/{decision.pk}").content.decode()
    assert "You sent spam." in page
    answer = browser.post(f"{LIST}/{decision.pk}", {"text": "It was not me."})
    assert 'role="status"' in answer.content.decode()
    assert Decision.objects.get().appeal == "It was not me."
    again = browser.post(f"{LIST}/{decision.pk}", {"text": "Again."})
    assert again.status_code == 422


def test_the_state_of_the_account_leads_there(moderator, account):
    decide(moderator, account, is_told=True)
    assert LIST in browser_of(account).get("/account/state").content.decode()


def test_an_empty_appeal_is_refused_with_a_sentence(moderator, account):
    decision = decide(moderator, account, is_told=True)
    answer = browser_of(account).post(f"{LIST}/{decision.pk}", {"text": " "})
    assert answer.status_code == 422
    assert "<title>Error:" in answer.content.decode()


def test_what_nobody_was_told_of_is_not_shown(moderator, account):
    decision = decide(moderator, account)
    assert browser_of(account).get(f"{LIST}/{decision.pk}").status_code == 404


def test_others_see_nothing_of_it(moderator, account, ash):
    decision = decide(moderator, account, is_told=True)
    assert browser_of(open_account(ash)).get(f"{LIST}/{decision.pk}").status_code == 404
