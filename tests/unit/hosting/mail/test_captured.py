"""/dev/mail: a sandbox's e-mails, one host's, and nobody else's."""

import pytest
from django.test import Client

from hosting.mail import emails, outbox
from hosting.models import Member, StaffUser
from hosting.tenancy import routing
from tests.unit.hosting.mail.emails import CODE, post


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.SMTP_URL, settings.SANDBOX = "", True
    routing.forget()
    yield
    routing.forget()


@pytest.fixture
def browser(ash) -> Client:
    return Client(headers={"host": "localhost"})


def text(response) -> str:
    return response.content.decode()


def test_an_email_is_shown_with_its_code(browser, ash):
    post(ash)
    page = text(browser.get("/dev/mail"))
    assert CODE in page
    assert "Email Confirmation" in page
    assert "alice@example.com" in page


def test_the_newest_comes_first_and_others_can_be_left_out(browser, ash):
    post(ash)
    outbox.post(ash, "bob@example.com", emails.PASSWORD_CHANGED, {"handle": "bob.test"})
    page = text(browser.get("/dev/mail"))
    assert page.index("bob@example.com") < page.index("alice@example.com")
    assert "alice@example.com" not in text(browser.get("/dev/mail?to=BOB@example.com"))


def test_an_email_is_shown_as_a_mail_program_would(browser, ash):
    response = browser.get(f"/dev/mail/{post(ash).pk}")
    assert f">{CODE}</p>" in text(response)
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in response["Content-Security-Policy"]


def test_another_hosts_letters_are_not_there(birch, ash):
    mail = post(ash)
    stranger = Client(headers={"host": "birch.localhost"})
    assert "alice@example.com" not in text(stranger.get("/dev/mail"))
    assert stranger.get(f"/dev/mail/{mail.pk}").status_code == 404


@pytest.mark.parametrize(
    "production", [{"SANDBOX": False}, {"SMTP_URL": "smtp://localhost"}], ids=str
)
def test_there_is_no_such_page_where_mail_is_real(browser, ash, settings, production):
    mail = post(ash)
    for name, value in production.items():
        setattr(settings, name, value)
    assert browser.get("/dev/mail").status_code == 404
    assert browser.get(f"/dev/mail/{mail.pk}").status_code == 404


@pytest.mark.parametrize("role", Member.Role.values)
def test_over_https_no_role_at_the_tenant_is_enough(browser, ash, role):
    post(ash)
    _move_to_https(ash)
    user = StaffUser.objects.create_user("staff", is_staff=True)
    Member.objects.create(tenant=ash.tenant, user=user, role=role)
    browser.force_login(user)
    assert browser.get("/dev/mail").status_code == 404


def test_over_https_platform_staff_may_read_and_nobody_else(browser, ash):
    post(ash)
    _move_to_https(ash)
    assert browser.get("/dev/mail", secure=True).status_code == 404
    user = StaffUser.objects.create_user("staff", is_staff=True, is_platform_staff=True)
    browser.force_login(user)
    assert CODE in text(browser.get("/dev/mail"))


@pytest.mark.parametrize(
    "client",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": "::ffff:10.0.0.1"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1, 192.0.2.1"},
        {"HTTP_X_FORWARDED_FOR": "unknown"},
        {"HTTP_X_REAL_IP": "192.0.2.1"},
        {"HTTP_FORWARDED": "for=192.0.2.1"},
        {"HTTP_VIA": "1.1 caddy"},
    ],
    ids=str,
)
def test_over_http_only_this_machine_reads_whatever_its_role(browser, ash, client):
    mail = post(ash)
    user = StaffUser.objects.create_user("staff", is_staff=True, is_platform_staff=True)
    browser.force_login(user)
    assert browser.get("/dev/mail", **client).status_code == 404
    assert browser.get(f"/dev/mail/{mail.pk}", **client).status_code == 404


@pytest.mark.parametrize(
    "client",
    [
        {"REMOTE_ADDR": "::1"},
        {"REMOTE_ADDR": "::ffff:127.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_VIA": "1.1 caddy"},
    ],
    ids=str,
)
def test_this_machine_has_several_addresses(browser, ash, client):
    post(ash)
    assert CODE in text(browser.get("/dev/mail", **client))


def _move_to_https(host) -> None:
    host.origin = "https://localhost"
    host.save()
    routing.forget()


def test_an_email_cannot_bring_markup_into_the_list(browser, ash):
    context = emails.from_staff("<script>", "<script>alert(1)</script>")
    outbox.post(ash, "alice@example.com", emails.FROM_STAFF, context)
    assert "<script>" not in text(browser.get("/dev/mail"))
