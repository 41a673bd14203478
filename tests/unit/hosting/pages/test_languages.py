"""Which language a page speaks, and what caches are told about it."""

import pytest
from django.conf import settings
from django.test import Client

from hosting.models import Host
from hosting.pages import languages
from hosting.tenancy import routing

ALL = dict(settings.LANGUAGES)


@pytest.fixture
def client(ash: Host) -> Client:
    routing.forget()
    return Client(headers={"host": "localhost", "accept": "text/html"})


@pytest.fixture
def in_all_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "offered", lambda: ALL)


def test_english_and_what_has_a_catalogue_is_offered() -> None:
    assert {"en", "de"} <= set(languages.offered()) <= set(ALL)


def test_a_language_without_its_catalogue_is_not_offered(
    settings: pytest.FixtureRequest, tmp_path: object
) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    assert languages.offered.__wrapped__() == {"en": "English"}


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-CA", "fr"),
        ("pt", "pt-br"),
        ("tlh, ar;q=0.5", "ar"),
        ("tlh", "en"),
        ("x" * 5000, "en"),
    ],
)
@pytest.mark.usefixtures("in_all_languages")
def test_a_page_speaks_what_the_browser_asks_for(
    client: Client, wanted: str, language: str
) -> None:
    answer = client.get("/", headers={"accept-language": wanted})
    assert answer["Content-Language"] == language
    assert f'<html lang="{language}"' in answer.content.decode()
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))


@pytest.mark.usefixtures("in_all_languages")
def test_an_arabic_page_runs_from_right_to_left(client: Client) -> None:
    page = client.get("/", headers={"accept-language": "ar"}).content.decode()
    assert '<html lang="ar" dir="rtl">' in page


def test_no_page_leaves_its_language_behind(client: Client) -> None:
    client.get("/", headers={"accept-language": "de"})
    assert client.get("/")["Content-Language"] == "en"


def test_a_stylesheet_is_the_same_for_everybody(client: Client) -> None:
    answer = client.get("/account/brand.css", headers={"accept-language": "de"})
    assert "Content-Language" not in answer
    assert "Vary" not in answer
