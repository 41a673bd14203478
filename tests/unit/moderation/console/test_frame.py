"""The frame of the console's pages: light, no script, one `main`, few stops to the first row."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client

from accounts.authentication import passwords
from hosting.models import StaffUser
from hosting.pages.security_headers import PAGE_POLICY
from moderation.models import Report
from server.web.threads.cpu_pool import CpuPool

pytestmark = pytest.mark.django_db
SIGN_IN_MAX_BYTES = 30_000
PAGES = [
    "",
    "accounts/",
    "accounts/{did}/",
    "accounts/account/",
    "accounts/invitecode/",
    "invites/",
    "mail/outgoingmail/",
    "moderation/auditentry/",
    "moderation/report/",
    "reports/{report}/",
    "desk/deadlines/",
    "desk/limits/",
    "moves/",
    "password_change/",
    "sessions/",
    "settings/",
    "sign-ups/",
    "staff/",
]


class Tags(HTMLParser):
    """The start tags of a page, with their attributes."""

    def __init__(self, page: HttpResponse) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.content.decode())

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.all if tag == name]


def files_of(tags: Tags) -> list[str]:
    links = [link["href"] for link in tags.named("link")]
    return [*links, *(script["src"] for script in tags.named("script"))]


@pytest.fixture
def report(ash) -> Report:
    return Report.objects.create(
        host=ash, reported_by="did:x", reason_type="x#spam", subject_did="did:y"
    )


def browser_of(user) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def test_the_sign_in_page_and_all_it_loads_is_light(ash):
    page = Client(headers={"host": "localhost"}).get("/console/login/")
    files = [finders.find(url.removeprefix("/static/")) for url in files_of(Tags(page))]
    assert any(file.endswith(".css") for file in files)
    sizes = [Path(file).stat().st_size for file in files]
    assert len(page.content) + sum(sizes) < SIGN_IN_MAX_BYTES


def test_who_signs_in_without_an_aim_comes_to_the_first_page(ash):
    StaffUser.objects.create_superuser("olga", password="the right one")
    browser = Client(headers={"host": "localhost"})
    sent = {field["name"]: field.get("value") or "" for field in fields_of(browser)}
    answer = browser.post(
        "/console/login/", sent | {"username": "olga", "password": "the right one"}
    )
    assert answer["location"] == "/console/"


def test_in_a_crowd_staff_are_told_to_sign_in_again_in_a_moment(ash, monkeypatch):
    StaffUser.objects.create_superuser("olga", password="the right one")
    browser = Client(headers={"host": "localhost"})
    sent = {field["name"]: field.get("value") or "" for field in fields_of(browser)}
    monkeypatch.setattr(passwords, "HASHES", CpuPool("nobody", threads=0, queues_s=0.0))
    sent |= {"username": "olga", "password": "the right one"}
    answer = browser.post("/console/login/", sent)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "Too many people are signing in" in answer.content.decode()


def fields_of(browser: Client) -> list[dict[str, str | None]]:
    return Tags(browser.get("/console/login/")).named("input")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_one_main_and_one_heading_and_a_way_past_the_navigation(
    account, report, moderator, page
):
    answer = browser_of(moderator).get("/console/" + page.format(did=account.did, report=report.pk))
    tags = Tags(answer)
    assert answer.status_code == 200
    assert [main["id"] for main in tags.named("main")] == ["content"]
    assert len(tags.named("h1")) == 1
    assert tags.named("a")[0]["href"] == "#content"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_needs_a_script_or_a_looser_policy(account, report, moderator, page):
    answer = browser_of(moderator).get("/console/" + page.format(did=account.did, report=report.pk))
    tags = Tags(answer)
    assert answer["Content-Security-Policy"] == PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY
    assert tags.named("script") == tags.named("style") == []
    assert not any("style" in attributes for _tag, attributes in tags.all)


@pytest.mark.usefixtures("report")
def test_from_the_top_of_a_list_its_first_row_is_two_stops_away(moderator):
    tags = Tags(browser_of(moderator).get("/console/moderation/report/"))
    assert [link["href"] for link in tags.named("a")[:2]] == ["#content", "#result_list"]
    assert [table["id"] for table in tags.named("table")] == ["result_list"]


@pytest.mark.usefixtures("report")
def test_a_cell_is_labelled_as_its_column_is_headed(moderator):
    page = browser_of(moderator).get("/console/moderation/report/")
    _first, *labels = [cell["data-label"] for cell in Tags(page).named("td")]
    assert labels
    assert [label for label in labels if f">{label}</" not in page.content.decode()] == []


def test_a_list_is_searched_with_a_button_that_says_so(moderator):
    page = browser_of(moderator).get("/console/accounts/account/", {"q": "alice"})
    tags = Tags(page)
    assert {"name": "q", "value": "alice"}.items() <= tags.named("input")[-1].items()
    assert [label["for"] for label in tags.named("label")] == ["searchbar"]


def test_signing_out_is_a_form_and_its_page_a_page_of_the_console(moderator):
    page = browser_of(moderator).post("/console/logout/")
    assert "Signed out" in page.content.decode()
    assert len(Tags(page).named("main")) == 1
    assert Tags(page).named("nav") == []  # nobody is there to use it


def test_no_icon_of_a_font_that_is_not_loaded_stands_there_as_a_word(account, report, moderator):
    browser = browser_of(moderator)
    for page in PAGES:
        answer = browser.get("/console/" + page.format(did=account.did, report=report.pk))
        assert not any("material" in (each.get("class") or "") for _, each in Tags(answer).all)


def test_the_frame_speaks_german(moderator):
    page = browser_of(moderator).get(
        "/console/accounts/account/", headers={"accept-language": "de"}
    )
    assert 'lang="de"' in page.content.decode()
    assert "Zum Inhalt springen" in page.content.decode()
