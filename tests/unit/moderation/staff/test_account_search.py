"""Accounts by address: whole, by domain, by beginning, page by page, one host's alone."""

import pytest

from hosting.models import Host, HostQuerySet
from moderation.staff.account_search import search
from protocol.errors import InvalidRequest
from tests.factories import account_row


@pytest.fixture
def people(ash):
    emails = {"anna": "anna@one.example", "annabel": "annabel@two.example", "bert": "b@one.example"}
    return [account_row(ash, label, email=email) for label, email in emails.items()]


def only(host: Host) -> HostQuerySet:
    return Host.objects.filter(pk=host.pk)


def handles(page) -> list[str]:
    return [account.handle for account in page.accounts]


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("anna@one.example", ["anna.test"]),
        (" ANNA@one.example ", ["anna.test"]),
        ("@one.example", ["bert.test", "anna.test"]),
        ("anna", ["annabel.test", "anna.test"]),
        ("", ["bert.test", "annabel.test", "anna.test"]),
        (None, ["bert.test", "annabel.test", "anna.test"]),
        ("nobody@one.example", []),
        ("%", []),
        ("a\0", []),
    ],
)
def test_a_search_finds(ash, people, email, found):
    assert handles(search(only(ash), email, 50, None)) == found


def test_pages_follow_each_other(ash, people):
    first = search(only(ash), None, 2, None)
    assert handles(search(only(ash), None, 2, first.cursor)) == ["anna.test"]


def test_the_last_page_has_no_cursor(ash, people):
    assert search(only(ash), None, 50, None).cursor is None


def test_another_hosts_people_are_not_found(birch, people):
    assert handles(search(only(birch), None, 50, None)) == []


def test_who_never_opened_is_nobody(ash):
    account_row(ash, "pending", opened_at=None)
    assert handles(search(only(ash), None, 50, None)) == []


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 30])
def test_a_foreign_cursor_is_malformed(ash, cursor):
    with pytest.raises(InvalidRequest, match="Malformed cursor"):
        search(only(ash), None, 50, cursor)
