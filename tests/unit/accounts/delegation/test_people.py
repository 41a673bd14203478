"""The account's side: invitations, roles, an end to it, and how each is taken back."""

import re

import pytest

from accounts.authentication import security_changes
from accounts.delegation import acting, people
from accounts.delegation.people import Controller, Grant
from accounts.delegation.roles import Role, ScopeRefused
from accounts.models import Delegation, OAuthSession
from hosting.mail.models import OutgoingMail
from tests.delegates import acting as signed_in
from tests.delegates import delegation
from tests.factories import account_row
from tests.oauth_app import App

pytestmark = pytest.mark.django_db
EDITOR = Grant(Role.EDITOR)


@pytest.fixture
def bob(ash):
    return account_row(ash, "bob")


@pytest.fixture
def carol(ash):
    return account_row(ash, "carol")


def invited(account, controller, grant=EDITOR, by=None):
    return people.invite(account, by, Controller(controller.did, controller.handle), grant)


def undo_link(account) -> str:
    """Of the last e-mail to the owner."""
    mail = OutgoingMail.objects.filter(recipient=account.email).latest("pk")
    return re.search(r"/account/undo/(\S+)", mail.text)[1]


def test_an_invitation_counts_once_it_is_accepted(alice, bob):
    made = invited(alice, bob)
    assert acting.of_people(alice.host, [bob.did]) == []
    acting.accept(alice.host, bob.did, made.pk)
    assert [each.account for each in acting.of_people(alice.host, [bob.did])] == [alice]


def test_both_are_told_of_an_invitation(alice, bob):
    invited(alice, bob)
    told = dict(OutgoingMail.objects.values_list("recipient", "subject"))
    assert told[bob.email] == "You are invited to act for @alice.test"
    assert told[alice.email] == "Somebody was invited to act for you"


def test_nobody_else_can_accept(alice, bob, carol):
    made = invited(alice, bob)
    for deed in (acting.accept, acting.leave):
        with pytest.raises(acting.NotInvited):
            deed(alice.host, carol.did, made.pk)


def test_an_invitation_ends(alice, bob, monkeypatch):
    made = invited(alice, bob)
    Delegation.objects.update(expires_at=made.invited_at)
    with pytest.raises(acting.NotInvited):
        acting.accept(alice.host, bob.did, made.pk)
    acting.forget_expired()
    assert not Delegation.objects.exists()


def test_an_account_is_not_controlled_by_itself(alice):
    with pytest.raises(people.OwnAccount):
        invited(alice, alice)


def test_the_number_of_controllers_is_bounded(alice, ash, bob, monkeypatch):
    monkeypatch.setattr(people, "CONTROLLERS_MAX", 1)
    invited(alice, bob)
    invited(alice, bob, Grant(Role.VIEWER))  # once more
    with pytest.raises(people.TooManyControllers):
        invited(alice, account_row(ash, "carol"))


def test_unanswered_invitations_of_strangers_shut_out_nobody(alice, ash, carol):
    for number in range(21):
        invited(account_row(ash, f"stranger{number}"), carol)
    made = invited(alice, carol)
    assert made in acting.invitations(ash, [carol.did])


def test_who_acts_already_is_not_invited_again(alice, bob):
    delegation(alice, bob)
    with pytest.raises(people.AlreadyThere):
        invited(alice, bob)


@pytest.mark.parametrize(
    "scope", ["", "nonsense", "identity:*", "account:repo?action=manage", "include:com.example.set"]
)
def test_chosen_scopes_are_no_more_than_an_owner_has(alice, bob, scope):
    with pytest.raises(ScopeRefused):
        invited(alice, bob, Grant(Role.CUSTOM, scope))


def test_chosen_scopes_are_kept_in_their_normal_form(alice, bob):
    made = invited(alice, bob, Grant(Role.CUSTOM, " blob:image/*  repo:app.bsky.feed.post"))
    assert made.scope == "blob:image/* repo:app.bsky.feed.post"


def test_a_controller_who_owns_looks_after_others_but_makes_no_owner(alice, bob, carol, ash):
    owner = delegation(alice, bob, Role.OWNER)
    dave = account_row(ash, "dave")
    with pytest.raises(people.NotAllowed):
        invited(alice, carol, Grant(Role.OWNER), by=owner)
    other = delegation(alice, carol, Role.OWNER)
    with pytest.raises(people.NotAllowed):
        people.remove(alice, owner, other)
    people.remove(alice, owner, invited(alice, dave, by=owner))


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.VIEWER])
def test_other_roles_change_nobody(alice, bob, carol, role):
    by = delegation(alice, bob, role)
    with pytest.raises(people.NotAllowed):
        invited(alice, carol, by=by)
    with pytest.raises(people.NotAllowed):
        people.change(alice, by, by, Grant(Role.ADMIN))


def test_who_was_removed_meanwhile_changes_nobody(alice, bob, carol):
    by = delegation(alice, bob, Role.OWNER)
    people.remove(alice, None, by)
    with pytest.raises(people.NotAllowed):
        invited(alice, carol, by=by)


def test_of_two_who_change_the_same_one_is_told(alice, bob):
    seen = delegation(alice, bob)
    people.change(alice, None, seen, Grant(Role.ADMIN))
    with pytest.raises(people.ChangedMeanwhile):
        people.change(alice, None, seen, Grant(Role.VIEWER))


@pytest.mark.parametrize("deed", ["change", "remove", "leave"])
def test_another_role_and_an_end_sign_the_apps_out(alice, bob, deed):
    made = delegation(alice, bob)
    signed_in(App(alice.host), bob, made)
    match deed:
        case "change":
            people.change(alice, None, made, Grant(Role.VIEWER))
        case "remove":
            people.remove(alice, None, made)
        case _:
            acting.leave(alice.host, bob.did, made.pk)
    assert not OAuthSession.objects.exists()


def test_another_role_is_taken_back_by_the_link_in_the_mail(alice, bob):
    made = delegation(alice, bob)
    people.change(alice, None, made, Grant(Role.OWNER))
    security_changes.take_back(alice.host, undo_link(alice))
    made.refresh_from_db()
    assert made.role == Role.EDITOR


def test_a_removal_is_taken_back_by_the_link_in_the_mail(alice, bob):
    people.remove(alice, None, delegation(alice, bob, Role.CUSTOM, "repo:app.bsky.feed.post"))
    security_changes.take_back(alice.host, undo_link(alice))
    found = acting.find(alice.host, [bob.did], "alice.test")
    assert (found.role, found.scope) == (Role.CUSTOM, "repo:app.bsky.feed.post")


def test_an_acceptance_is_taken_back_by_the_link_in_the_mail(alice, bob):
    made = invited(alice, bob)
    acting.accept(alice.host, bob.did, made.pk)
    security_changes.take_back(alice.host, undo_link(alice))
    assert not Delegation.objects.exists()
