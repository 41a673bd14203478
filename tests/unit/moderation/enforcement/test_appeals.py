"""Notices and appeals: told, appealed once, decided by somebody else."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from hosting.mail.models import OutgoingMail
from hosting.pages import languages
from moderation.enforcement import actions, appeals, notice_texts
from moderation.enforcement.actions import ActionInput
from moderation.models import Decision, Report
from tests.factories import open_account

pytestmark = pytest.mark.django_db
Outcome = Decision.Outcome


@pytest.fixture
def decision(moderator, account) -> Decision:
    return actions.perform("take_down", moderator, account, ActionInput("spam", is_told=True))


@pytest.fixture
def second(ash, staff_of):
    return staff_of(ash, "owner")


def test_an_appeal_reaches_the_staff_once(account, decision):
    appeals.appeal(account, decision, "It was not me.")
    assert Report.objects.get().reason == "It was not me."
    with pytest.raises(appeals.CannotAppeal):
        appeals.appeal(account, decision, "Again.")


def test_an_appeal_that_is_late_is_refused(account, decision):
    Decision.objects.update(appeal_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(appeals.CannotAppeal):
        appeals.appeal(account, decision, "It was not me.")


def test_nobody_appeals_for_others(account, decision, ash):
    with pytest.raises(appeals.CannotAppeal):
        appeals.appeal(open_account(ash), decision, "It was not her.")


def test_who_decided_first_does_not_decide_again(account, decision, moderator):
    appeals.appeal(account, decision, "It was not me.")
    with pytest.raises(appeals.SomebodyElseDecides):
        appeals.decide(moderator, decision, Outcome.UPHELD, "no")


def test_a_granted_appeal_takes_the_action_back_and_is_told(account, decision, second):
    appeals.appeal(account, decision, "It was not me.")
    appeals.decide(second, decision, Outcome.REVERSED, "a mix-up", "We are sorry.")
    assert Account.objects.get(pk=account.pk).status == "active"
    assert "We are sorry." in OutgoingMail.objects.get(kind="appeal_decided").text
    with pytest.raises(appeals.NothingToDecide):
        appeals.decide(second, decision, Outcome.UPHELD, "changed my mind")


def test_a_refused_appeal_leaves_the_action(account, decision, second):
    appeals.appeal(account, decision, "It was not me.")
    appeals.decide(second, decision, Outcome.UPHELD, "it was")
    assert Account.objects.get(pk=account.pk).status == "takendown"
    assert Decision.objects.get().outcome == "upheld"


def test_a_tenants_own_text_is_sent_in_the_persons_language(moderator, second, account):
    Account.objects.filter(pk=account.pk).update(language="fr")
    account.refresh_from_db()
    notice_texts.change(second, account.host, "take_down", "fr", "{handle}, fermé: {rule}{nope")
    actions.perform("take_down", moderator, account, ActionInput("spam", is_told=True))
    assert f"@{account.handle}, fermé: {{nope" in OutgoingMail.objects.get().text


@pytest.mark.parametrize("text", ["{handle.host}", "{password}", "x" * 5_001])
def test_a_text_with_an_unknown_placeholder_is_refused(second, account, text):
    with pytest.raises(notice_texts.UnfitText):
        notice_texts.change(second, account.host, "take_down", "en", text)


@pytest.mark.parametrize("action", sorted(actions.ACTIONS))
def test_every_action_that_is_told_has_a_text(action):
    assert (action in notice_texts.DEFAULTS) is actions.ACTIONS[action].is_of_owner


@pytest.mark.parametrize("language", languages.offered())
@pytest.mark.parametrize("action", sorted(notice_texts.DEFAULTS))
def test_our_texts_keep_their_placeholders_in_every_language(ash, action, language):
    held = set(re.findall(r"\{\w+\}", notice_texts.text_of(ash.tenant, action, "en")))
    text = notice_texts.text_of(ash.tenant, action, language)
    assert set(re.findall(r"\{\w+\}", text)) == held
    assert (text == notice_texts.text_of(ash.tenant, action, "en")) is (language == "en")
