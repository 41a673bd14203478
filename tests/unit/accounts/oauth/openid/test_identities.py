"""Which account an identity opens; who leaves is frozen and comes back; and who comes first."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import status
from accounts.authentication import sessions
from accounts.authentication.sessions import OAuthRequired
from accounts.identity import did_verification
from accounts.lifecycle import activation
from accounts.models import OpenIdIdentity, Session
from accounts.oauth.openid import admission, identities
from accounts.oauth.openid.people import Person, of_claims
from accounts.oauth.openid.refusals import AdmittedByIt, IdentityTaken, LastWayIn, NotAMember
from hosting.mail.models import OutgoingMail
from tests import openid_provider
from tests.factories import account_row

pytestmark = pytest.mark.django_db(transaction=True)
WILMA = Person("u1", "Wilma", "wilma@corp.example", is_email_verified=True)
STRANGER = Person("u1", is_member=False)


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.setattr(did_verification, "check", lambda _account: None)


@pytest.fixture
def corp(ash):
    return openid_provider.of_tenant(ash.tenant)


@pytest.fixture
def account(ash):
    return account_row(ash)


@pytest.fixture
def connected(account, corp):
    identities.connect(account, corp, WILMA)
    return account


def identity_of(account) -> OpenIdIdentity:
    return OpenIdIdentity.objects.select_related("account__host", "provider").get(account=account)


def test_an_identity_opens_the_account_that_it_is_connected_with(ash, corp, connected):
    assert identities.enter(ash, corp, WILMA) == connected
    assert identities.enter(ash, corp, Person("u2")) is None


def test_it_opens_none_at_another_host_or_by_another_provider(ash, birch, corp, connected):
    other = openid_provider.of_tenant(birch.tenant)
    assert identities.enter(birch, other, WILMA) is None
    assert identities.enter(birch, corp, WILMA) is None


def test_one_identity_opens_one_account(ash, corp, connected):
    with pytest.raises(IdentityTaken):
        identities.connect(account_row(ash, "bob"), corp, WILMA)
    with pytest.raises(IdentityTaken):
        identities.connect(connected, corp, Person("u2"))


def test_who_is_no_member_is_frozen_and_nothing_is_deleted(ash, corp, connected):
    sessions.begin(connected)
    with pytest.raises(NotAMember):
        identities.enter(ash, corp, STRANGER)
    connected.refresh_from_db()
    assert connected.status == "deactivated"
    assert not Session.objects.filter(account=connected).exists()
    mail = OutgoingMail.objects.get(kind="change_openid_frozen")
    day = timezone.now() + timedelta(days=corp.move_out_days)
    assert f"Move out by {day:%Y-%m-%d}" in mail.text


def test_who_is_frozen_cannot_activate_the_account(ash, corp, connected):
    identities.freeze(identity_of(connected), identities.NOT_A_MEMBER)
    with pytest.raises(status.OwnerHasLeft):
        activation.activate(connected)
    with pytest.raises(status.OwnerHasLeft):
        identities.disconnect(connected)


def test_who_comes_back_is_as_before(ash, corp, connected):
    identities.freeze(identity_of(connected), identities.NOT_A_MEMBER)
    assert identities.enter(ash, corp, WILMA) == connected
    connected.refresh_from_db()
    assert connected.is_active


def test_a_proof_of_before_thaws_nobody(ash, corp, connected):
    before = time.time()
    identities.freeze(identity_of(connected), identities.NOT_A_MEMBER)
    assert identities.enter(ash, corp, WILMA, before) == connected
    connected.refresh_from_db()
    assert connected.status == "deactivated"
    identities.enter(ash, corp, WILMA, time.time())
    connected.refresh_from_db()
    assert connected.is_active


def test_whoever_rested_before_rests_afterwards(ash, corp, connected):
    activation.deactivate(connected)
    identities.freeze(identity_of(connected), identities.NOT_A_MEMBER)
    identities.enter(ash, corp, WILMA)
    connected.refresh_from_db()
    assert connected.status == "deactivated"


def test_whom_staff_froze_no_sign_in_thaws(ash, corp, connected):
    identities.freeze(identity_of(connected), identities.BY_STAFF)
    assert identities.enter(ash, corp, WILMA) == connected
    connected.refresh_from_db()
    assert connected.status == "deactivated"


def test_freezing_twice_tells_once(connected):
    for _ in range(2):
        identities.freeze(identity_of(connected), identities.NOT_A_MEMBER)
    assert OutgoingMail.objects.filter(kind="change_openid_frozen").count() == 1


def test_whom_the_provider_has_not_vouched_for_in_time_is_frozen(corp, connected):
    corp.frozen_after_days = 30
    corp.save()
    identities.freeze_unseen()
    connected.refresh_from_db()
    assert connected.is_active
    OpenIdIdentity.objects.update(seen_at=timezone.now() - timedelta(days=31))
    identities.freeze_unseen()
    connected.refresh_from_db()
    assert connected.status == "deactivated"


def test_an_account_that_goes_meanwhile_keeps_nobody_else_from_being_frozen(ash, corp, connected):
    gone, other = connected, account_row(ash, "bob")
    identities.connect(other, corp, Person("u2"))
    corp.frozen_after_days = 30
    corp.save()
    OpenIdIdentity.objects.update(seen_at=timezone.now() - timedelta(days=31))
    type(gone).objects.filter(pk=gone.pk).update(opened_at=None)
    identities.freeze_unseen()
    other.refresh_from_db()
    assert other.status == "deactivated"


def test_the_last_way_in_stays(connected):
    type(connected).objects.update(password=make_password(None))
    connected.refresh_from_db()
    with pytest.raises(LastWayIn):
        identities.disconnect(connected)


def test_who_has_a_password_may_disconnect(ash, corp, connected):
    identities.disconnect(connected)
    assert identities.enter(ash, corp, WILMA) is None


def test_whom_only_the_provider_let_in_stays_connected(connected):
    OpenIdIdentity.objects.update(handle="alice.test")
    with pytest.raises(AdmittedByIt):
        identities.disconnect(connected)
    assert identity_of(connected).left_at is None


def test_create_session_tells_who_has_no_password_what_to_do(ash, connected, monkeypatch):
    monkeypatch.setattr("accounts.authentication.credentials.REFUSAL_TAKES_S", 0.0)
    type(connected).objects.update(password=make_password(None))
    with pytest.raises(OAuthRequired):
        sessions.log_in(ash, "alice.test", "a password")


def test_an_address_without_password_is_refused_like_any(ash, connected, monkeypatch):
    monkeypatch.setattr("accounts.authentication.credentials.REFUSAL_TAKES_S", 0.0)
    type(connected).objects.update(password=make_password(None))
    with pytest.raises(sessions.InvalidLogin):
        sessions.log_in(ash, "alice@example.com", "a password")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Wilma", "wilma"),
        ("wilma@corp.example", "wilma"),
        ("Wilma M. Stone", "wilmamstone"),
        ("alice", "alice1"),
        ("", ""),
        ("admin", ""),
        ("名前", ""),
    ],
)
def test_a_name_there_becomes_what_a_handle_can_hold(ash, account, name, label):
    assert admission.suggested_label(ash, Person("u9", name)) == label


@pytest.mark.parametrize(
    ("claims", "is_member"),
    [
        ({"groups": ["staff", "members"]}, True),
        ({"groups": "members"}, True),
        ({"groups": ["Members"]}, False),
        ({"groups": [["members"]]}, False),
        ({}, False),
    ],
)
def test_a_claim_says_who_is_a_member(corp, claims, is_member):
    corp.member_claim, corp.member_value = "groups", "members"
    assert of_claims(corp, {"sub": "u1", **claims}).is_member == is_member


def test_a_claim_may_lie_in_another(corp):
    corp.member_claim, corp.member_value = "realm_access.roles", "pds"
    assert of_claims(corp, {"sub": "u1", "realm_access": {"roles": ["pds"]}}).is_member


@pytest.mark.parametrize(
    ("amr", "has_factors"),
    [
        (["mfa"], True),
        (["pwd", "otp"], True),
        (["pwd"], False),
        (["otp"], False),
        ("mfa", True),
        (None, False),
    ],
)
def test_more_than_a_password_counts_where_the_provider_says_so(corp, amr, has_factors):
    assert of_claims(corp, {"sub": "u1", "amr": amr}).has_factors == has_factors
