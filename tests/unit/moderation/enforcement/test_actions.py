"""The table of actions: what each needs, one decision each, and the way back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication import sessions
from accounts.models import Account, AppPassword, Session, SignUpBlock
from accounts.signup import blocked_networks
from hosting.mail.models import OutgoingMail
from moderation import permissions
from moderation.enforcement import actions, policies, strikes
from moderation.enforcement.actions import ACTIONS, ActionInput, UnfitAction
from moderation.models import AuditEntry, Decision, Policy, Strike

pytestmark = pytest.mark.django_db
SOON = timezone.now() + timedelta(days=30)
FULL = ActionInput("spam", until=SOON, words="Stop it.", network="192.0.2.0/24", is_told=True)
ON_ACCOUNTS = sorted(set(ACTIONS) - {"take_down_record", "take_down_blob", "remove_handle"})


def reloaded(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def policy(account: Account, **changes) -> Policy:
    fields = {"name": "No spam", "public_text": "Do not.", "severity": "low"}
    return Policy.objects.create(
        tenant=account.host.tenant, **{**fields, "default_action": "warn", **changes}
    )


@pytest.mark.parametrize("name", ON_ACCOUNTS)
def test_every_action_leaves_one_entry_and_one_decision(moderator, account, name):
    decision = actions.perform(name, moderator, account, FULL)
    assert AuditEntry.objects.get() == decision.entry
    assert (decision.action, decision.did, decision.entry.staff) == (name, account.did, moderator)


@pytest.mark.parametrize("name", ON_ACCOUNTS)
def test_its_owner_is_told_of_what_concerns_them(moderator, account, name):
    actions.perform(name, moderator, account, FULL)
    mails = OutgoingMail.objects.filter(kind="decision")
    assert mails.count() == int(ACTIONS[name].is_of_owner)
    assert all("Stop it." in mail.text for mail in mails)


def test_nobody_is_told_unless_asked_for(moderator, account):
    decision = actions.perform("take_down", moderator, account, ActionInput("spam"))
    assert decision.told_at is None
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("name", sorted(name for name in ACTIONS if ACTIONS[name].needs))
def test_an_action_that_lacks_something_is_refused(moderator, account, name):
    with pytest.raises(actions.UnfitAction):
        actions.perform(name, moderator, account, ActionInput("spam"))
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", [name for name in ON_ACCOUNTS if ACTIONS[name].undo])
def test_what_can_be_undone_marks_its_decision(moderator, account, name):
    decision = actions.perform(name, moderator, account, FULL)
    actions.undo(name, moderator, account, FULL)
    decision.refresh_from_db()
    assert decision.undone_at is not None
    assert (reloaded(account).status, reloaded(account).uploads_blocked_at) == ("active", None)
    assert not SignUpBlock.objects.exists()
    assert not strikes.open_points(account)


@pytest.mark.parametrize("name", ["take_down_record", "take_down_blob", "block_sign_ups"])
def test_a_way_back_that_names_nothing_is_refused(moderator, account, name):
    with pytest.raises(UnfitAction):
        actions.undo(name, moderator, account, ActionInput("a mix-up"))
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", [name for name in ACTIONS if not ACTIONS[name].undo])
def test_what_cannot_be_undone_says_so(moderator, account, name):
    with pytest.raises(actions.CannotBeUndone):
        actions.undo(name, moderator, account, FULL)


@pytest.mark.parametrize("name", ON_ACCOUNTS)
def test_another_tenants_staff_do_nothing(birch, staff_of, account, name):
    with pytest.raises(permissions.NotAllowed):
        actions.perform(name, staff_of(birch, "owner"), account, FULL)
    assert not Decision.objects.exists()


def test_another_tenants_policy_is_refused(moderator, account, birch):
    foreign = Policy.objects.create(
        tenant=birch.tenant, name="x", public_text="x", severity="low", default_action="warn"
    )
    with pytest.raises(actions.UnfitAction):
        actions.perform("take_down", moderator, account, ActionInput("spam", policy=foreign))


def test_a_forced_password_reset_ends_everything(moderator, account):
    sessions.begin(account)
    AppPassword.objects.create(account=account, name="app", is_privileged=False)
    actions.perform("force_password_reset", moderator, account, ActionInput("phished"))
    assert not reloaded(account).password.startswith("argon")
    assert not Session.objects.exists()
    assert not AppPassword.objects.exists()


def test_strikes_of_a_policy_count_with_any_action_and_suspend(moderator, account):
    rule = policy(account, strikes=2, suspends_at=4, suspension_days=3)
    asked = ActionInput("spam", policy=rule, words="No.", is_told=True)
    actions.perform("warn", moderator, account, asked)
    assert (strikes.open_points(account), reloaded(account).status) == (2, "active")
    actions.perform("strike", moderator, account, asked)
    assert (strikes.open_points(account), reloaded(account).status) == (4, "suspended")


def test_expired_strikes_do_not_count(moderator, account):
    rule = policy(account, strikes=2, suspends_at=4)
    actions.perform("strike", moderator, account, ActionInput("spam", policy=rule))
    Strike.objects.update(expires_at=timezone.now())
    actions.perform("strike", moderator, account, ActionInput("spam", policy=rule))
    assert (strikes.open_points(account), reloaded(account).status) == (2, "active")


def test_a_blocked_network_signs_nobody_up(moderator, account, ash, birch):
    actions.perform("block_sign_ups", moderator, account, FULL)
    with pytest.raises(blocked_networks.SignUpsBlocked):
        blocked_networks.check(ash, "::ffff:192.0.2.7")
    for host, address in [(ash, "192.0.3.7"), (birch, "192.0.2.7"), (ash, "")]:
        blocked_networks.check(host, address)


@pytest.mark.parametrize("network", ["", "x", "0.0.0.0/0", "10.0.0.0/7", "::/0", "300.1.1.1"])
def test_a_network_that_is_none_or_too_wide_is_refused(moderator, account, network):
    with pytest.raises((blocked_networks.UnfitNetwork, actions.UnfitAction)):
        actions.perform("block_sign_ups", moderator, account, ActionInput("spam", network=network))


def test_policies_are_the_tenants_own(account, birch, staff_of):
    owner = staff_of(account.host, "owner")
    rule = policies.Rule("No spam", "Do not.", "low", "warn")
    policies.add(owner, account.host, rule)
    with pytest.raises(policies.PolicyNameTaken):
        policies.add(owner, account.host, rule)
    with pytest.raises(permissions.NotAllowed):
        policies.add(staff_of(birch, "owner"), account.host, rule)
    assert not policies.in_force(birch.tenant)
    policies.retire(owner, account.host, policies.in_force(account.host.tenant).get())
    assert not policies.in_force(account.host.tenant)
