"""Staff who sign in, are refused and sign out: logged, and told where it matters."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from hosting.mail.models import OutgoingMail
from hosting.models import StaffUser
from moderation.models import AuditEntry

pytestmark = pytest.mark.django_db
PASSWORD = "a sentence of staff"


@pytest.fixture
def staff(moderator: StaffUser) -> StaffUser:
    moderator.set_password(PASSWORD)
    moderator.email = "moderator@example.com"
    moderator.save()
    return moderator


def sign_in(staff, password=PASSWORD, address="192.0.2.1") -> Client:
    browser = Client(headers={"host": "localhost"}, REMOTE_ADDR=address)
    browser.post("/console/login/", {"username": staff.username, "password": password})
    return browser


def logged() -> list[tuple[str, str]]:
    return [(entry.action, entry.ref) for entry in AuditEntry.objects.order_by("id")]


def test_a_sign_in_and_a_sign_out_are_logged_with_the_network(staff, ash):
    sign_in(staff).post("/console/logout/")
    assert logged() == [("staff.sign_in", "192.0.2.1"), ("staff.sign_out", "192.0.2.1")]
    assert {(entry.host, entry.staff) for entry in AuditEntry.objects.all()} == {(ash, staff)}


def test_a_wrong_password_is_logged_and_nobody_is_said_to_have_acted(staff):
    sign_in(staff, "a guess")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.staff, entry.actor) == (
        "staff.sign_in_refused", None, "not signed in",
    )  # fmt: skip
    assert staff.username in entry.reason
    assert "a guess" not in entry.reason


def test_names_that_nobody_has_do_not_fill_the_log(staff):
    sign_in(StaffUser(username="invented"))
    assert logged() == []


def test_a_sign_in_from_a_new_network_is_told_by_mail(staff):
    for address in ("192.0.2.1", "192.0.2.1", "198.51.100.7"):
        sign_in(staff, address=address)
    email = OutgoingMail.objects.get()
    assert (email.kind, email.recipient) == ("staff_sign_in", "moderator@example.com")
    assert "198.51.100.7" in email.text


def test_without_an_address_nothing_is_sent(staff):
    StaffUser.objects.filter(pk=staff.pk).update(email="")
    for address in ("192.0.2.1", "198.51.100.7"):
        sign_in(staff, address=address)
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("password", ["12345", "password123", "short"])
def test_a_password_that_anybody_guesses_makes_no_staff(db, password):
    with pytest.raises(ValidationError):
        StaffUser.objects.create_user("weak", password=password)
    with pytest.raises(ValidationError):
        StaffUser.objects.create_superuser("weak", password=password)
    assert not StaffUser.objects.filter(username="weak").exists()
