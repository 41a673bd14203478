"""The page that says where to find what."""

import pytest
from django.test import Client
from django.urls import resolve

from tests.unit.accounts.pages.signed_in_browser import text

GUIDE = "/account/help"


def test_everybody_reads_it_in_their_own_language(browser, signed_in):
    assert "What you want" in text(browser.get(GUIDE))
    german = text(browser.get(GUIDE, headers={"accept-language": "de"}))
    assert "Ein anderes Passwort" in german
    assert 'href="/account/security"' in german


def test_each_page_leads_there(browser, ash):
    page = text(browser.get("/account/sign-in", headers={"accept-language": "fr"}))
    assert f'<a href="{GUIDE}">Aide pour votre compte</a>' in page


def test_all_that_it_names_is_there(signed_in):
    entries = signed_in.get(GUIDE).context["entries"]
    assert len(entries) == 14
    assert all(resolve(address) for _, address in entries)


@pytest.mark.parametrize(("language", "words"), [("de", "Ein Fehler bei uns"), ("ar", 'dir="rtl"')])
def test_a_fault_is_told_in_the_readers_language(ash, monkeypatch, language, words):
    def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    browser = Client(raise_request_exception=False, headers={"host": "localhost"})
    monkeypatch.setattr("accounts.pages.footer.guide.render", broken)
    answer = browser.get(GUIDE, headers={"accept-language": language})
    assert answer.status_code == 500
    assert words in text(answer)
