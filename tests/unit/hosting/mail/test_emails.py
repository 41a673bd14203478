"""Every e-mail says what it should, in text and HTML, in the tenant's voice and every language."""

from datetime import UTC, datetime

import pytest

from hosting.mail import emails
from hosting.pages import languages

CONTEXT = {
    "handle": "alice.test",
    "code": "ABCDE-23456",
    "address": "203.0.113.7",
    "at": datetime(2031, 2, 3, 4, 5, tzinfo=UTC),
    "delete_at": datetime(2031, 2, 3, 4, 5, tzinfo=UTC),
    "limit": 20,
    "minutes": 10,
    "has_did": False,
    **emails.from_staff("A word", "Please read our rules."),
}
WITH_CODES = [kind for kind in emails.ALL.values() if kind.valid_for == emails.CODE_LIVES]


@pytest.mark.parametrize("language", languages.offered())
@pytest.mark.parametrize("name", emails.ALL)
def test_every_email_can_be_written(ash, name, language):
    words = emails.write(ash, emails.ALL[name], CONTEXT, language)
    assert words.subject
    for body in (words.text, words.html):
        assert "Ash" in body
        assert "{" not in body.partition("<body")[2]
        assert "None" not in body


@pytest.mark.parametrize("kind", WITH_CODES, ids=lambda kind: kind.name)
def test_an_email_with_a_code_shows_it_and_says_how_long_it_lives(ash, kind):
    words = emails.write(ash, kind, CONTEXT, "en")
    for body in (words.text, words.html):
        assert body.count("ABCDE-23456") == 1
        assert "15 minutes" in body
        assert "@alice.test" in body
    assert "ABCDE-23456" not in words.subject


def test_there_are_six_letters_with_codes():
    assert len(WITH_CODES) == 6


def test_subjects_are_those_that_people_know():
    subjects = {str(emails.ALL[name].subject) for name in emails.ALL}
    assert subjects >= {
        "Password Reset Requested",
        "Account Deletion Requested",
        "Email Confirmation",
        "Email Update Requested",
        "PLC Update Operation Requested",
    }


def test_an_email_speaks_german(ash):
    words = emails.write(ash, emails.RESET_PASSWORD, CONTEXT, "de")
    assert words.subject == "Neues Passwort angefordert"
    assert "Geben Sie diesen Code ein" in words.text
    assert '<html lang="de" dir="ltr">' in words.html


def test_an_email_has_the_tenants_name_colour_and_support_address(ash):
    ash.tenant.name, ash.tenant.primary_colour = "Söhne & Töchter", "#7a1fa2"
    ash.tenant.support_email = "help@ash.example"
    words = emails.write(ash, emails.RESET_PASSWORD, CONTEXT, "en")
    assert "Söhne &amp; Töchter" in words.html
    assert "Söhne & Töchter" in words.text
    assert "#7a1fa2" in words.html
    assert "help@ash.example" in words.html
    assert "help@ash.example" in words.text


def test_a_pale_colour_is_made_readable(ash):
    ash.tenant.primary_colour = "#ffee00"
    assert "#ffee00" not in emails.write(ash, emails.RESET_PASSWORD, CONTEXT, "en").html


def test_the_link_to_the_page_holds_no_code(ash):
    words = emails.write(ash, emails.RESET_PASSWORD, CONTEXT, "en")
    assert "http://localhost:2583/account/reset-password/code\n" in words.text
    assert 'href="http://localhost:2583/account/reset-password/code"' in words.html


def test_what_staff_write_as_text_is_shown_as_text(ash):
    context = emails.from_staff("Hi", "Rules:\n\n1 < 2 & so on")
    words = emails.write(ash, emails.FROM_STAFF, context, "en")
    assert words.subject == "Hi"
    assert "1 < 2 & so on" in words.text
    assert "<p>1 &lt; 2 &amp; so on</p>" in words.html


def test_what_staff_write_as_html_is_shown_as_html(ash):
    context = emails.from_staff("Hi", "<p>Read <b>this</b>.</p>")
    words = emails.write(ash, emails.FROM_STAFF, context, "en")
    assert "Read <b>this</b>." in words.html
    assert "Read this." in words.text
    assert "<b>" not in words.text


def test_a_subject_is_one_line(ash):
    context = emails.from_staff("Hello\r\nBcc: eve@example.com", "x")
    words = emails.write(ash, emails.FROM_STAFF, context, "en")
    assert words.subject == "Hello Bcc: eve@example.com"


def test_an_arabic_email_runs_from_right_to_left(ash):
    assert '<html lang="ar" dir="rtl">' in emails.write(ash, emails.MOVED_IN, CONTEXT, "ar").html
