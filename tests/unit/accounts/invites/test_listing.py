"""Pages of invite codes, their cursors, and who invited whom."""

import pytest

from accounts.invites import codes as invites
from accounts.invites import listing
from accounts.models import InviteCode
from protocol.errors import InvalidRequest
from tests.factories import account_row


@pytest.fixture
def codes(ash) -> list[str]:
    """Five codes; the second is used twice, the fourth once."""
    made = invites.give(ash, codes_each=5, uses_each=3)["admin"]
    for code, did in ((made[1], "did:a"), (made[1], "did:b"), (made[3], "did:c")):
        invites.spend(ash, code, did)
    return made


def walk(host, sort, limit) -> list[str]:
    found, cursor = [], None
    while True:
        page = listing.page(host, sort, limit, cursor)
        found += [code.code for code in page.codes]
        if page.cursor is None:
            return found
        cursor = page.cursor


@pytest.mark.parametrize("limit", [1, 2, 5, 9])
def test_the_newest_come_first_whatever_the_page(ash, codes, limit):
    assert walk(ash, "recent", limit) == codes[::-1]


@pytest.mark.parametrize("limit", [1, 2, 5, 9])
def test_the_most_used_come_first_whatever_the_page(ash, codes, limit):
    expected = [codes[1], codes[3], codes[4], codes[2], codes[0]]
    assert walk(ash, "usage", limit) == expected


def test_a_page_says_who_used_what(ash, codes):
    first = listing.page(ash, "usage", 1, None).codes[0]
    assert [use.used_by for use in first.uses.all()] == ["did:a", "did:b"]


def test_another_hosts_codes_are_not_listed(birch, codes):
    assert listing.page(birch, "recent", 10, None).codes == []


@pytest.mark.parametrize(
    "cursor", ["x", "recent", "recent:", "recent:x", "recent:-1", "usage:1:2", "recent:1:2",
               "recent:" + "9" * 30, "recent:\u0661"],
)  # fmt: skip
def test_a_foreign_cursor_is_malformed(ash, cursor):
    with pytest.raises(InvalidRequest, match="Malformed cursor"):
        listing.page(ash, "recent", 10, cursor)


def test_a_cursor_belongs_to_its_order(ash, codes):
    cursor = listing.page(ash, "recent", 1, None).cursor
    with pytest.raises(InvalidRequest, match="Malformed cursor"):
        listing.page(ash, "usage", 1, cursor)


def test_an_unknown_order_is_refused(ash):
    with pytest.raises(InvalidRequest, match="unknown sort method: alphabetical"):
        listing.page(ash, "alphabetical", 1, None)


def test_the_tree_is_known_from_both_ends(ash, codes):
    one, other = account_row(ash, "one", did="did:a"), account_row(ash, "other", did="did:x")
    gift = invites.give(ash, for_accounts=["did:a"], codes_each=1, uses_each=1)["did:a"][0]
    invited = listing.inviters([one, other])
    assert {pk: code.code for pk, code in invited.items()} == {one.pk: codes[1]}
    given = listing.codes_for([one, other])
    assert given == {one.pk: [InviteCode.objects.get(code=gift)]}


def test_codes_of_the_same_did_at_another_host_are_not_its_own(ash, birch, codes):
    invites.give(ash, for_accounts=["did:a"], codes_each=1, uses_each=1)
    moved = account_row(birch, "one", did="did:a")
    assert listing.codes_for([moved]) == listing.inviters([moved]) == {}
