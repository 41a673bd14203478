"""The outbox on the console: delivery states of the tenant's own mail, never the words."""

import pytest
from django.test import Client

from hosting.mail import emails, outbox
from hosting.mail.models import OutgoingMail
from hosting.models import Member, StaffUser

LIST = "/console/mail/outgoingmail/"
CODE = "ABCDE-23456"


@pytest.fixture
def failed(ash, birch, settings) -> OutgoingMail:
    """An e-mail of ash that the server refused, and one of birch."""
    settings.SMTP_URL = "smtp://127.0.0.1:9"
    for host, recipient in ((ash, "alice@example.com"), (birch, "bob@example.com")):
        outbox.post(host, recipient, emails.SIGN_IN_CODE, {"code": CODE, "handle": "x.test"})
    mail = OutgoingMail.objects.get(host=ash)
    mail.state, mail.last_error, mail.text, mail.html = "failed", "550 nobody there", "", ""
    mail.decided_at = mail.created_at
    mail.save()
    return mail


@pytest.fixture
def staff(ash) -> Client:
    user = StaffUser.objects.create_user("support", is_staff=True)
    Member.objects.create(tenant=ash.tenant, user=user, role=Member.Role.SUPPORT)
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


def test_staff_see_what_became_of_their_tenants_mail(staff, failed):
    page = staff.get(LIST).content.decode()
    assert "alice@example.com" in page
    assert "550 nobody there" in page
    assert "Failed" in page
    assert "bob@example.com" not in page


def test_the_words_are_not_shown(staff, ash):
    outbox.post(ash, "alice@example.com", emails.SIGN_IN_CODE, {"code": CODE, "handle": "x.test"})
    mail = OutgoingMail.objects.get()
    assert CODE in mail.text
    assert CODE not in staff.get(LIST).content.decode()
    assert staff.get(f"{LIST}{mail.pk}/change/").status_code == 404


def test_nobody_fishes_for_words_by_filters(staff, failed):
    assert staff.get(f"{LIST}?text__startswith=A").status_code in {302, 400}


def test_failures_can_be_picked_out(staff, failed):
    page = staff.get(f"{LIST}?state__exact=sent").content.decode()
    assert "alice@example.com" not in page
