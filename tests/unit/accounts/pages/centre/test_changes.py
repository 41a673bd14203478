"""The budget of changes holds on each page that changes an account."""

import pytest

from accounts.models import Account
from accounts.pages.centre import changes
from hosting.limits import Budget, RateLimitExceeded
from tests.unit.accounts.pages.signed_in_browser import text

PAGES = (
    "/account/apps",
    "/account/apps/passwords",
    "/account/security/devices",
    "/account/security/second-factors/app",
    "/account/security/second-factors/mail",
    "/account/security/second-factors/browsers",
    "/account/close/deactivate",
    "/account/close/delete",
    "/account/activate",
    "/account/identity/document",
    "/account/identity/confirm",
)


@pytest.fixture
def spent(monkeypatch):
    """Nothing is left of the budget."""

    def refuse(*_: object) -> None:
        raise RateLimitExceeded(Budget(60, 3_600), 4_000_000_000)

    monkeypatch.setattr(changes, "spend", refuse)


@pytest.mark.parametrize("page", PAGES)
def test_beyond_the_budget_a_page_says_so_and_changes_nothing(signed_in, spent, page):
    before = Account.objects.values().get()
    answer = signed_in.post(page, {"others": "1", "send": "yes"})
    assert (answer.status_code, "Retry-After" in answer) == (429, True)
    assert "Too many attempts" in text(answer)
    assert "<title>Error: " in text(answer)
    assert Account.objects.values().get() == before


@pytest.mark.parametrize("page", ["/account/apps", "/account/security/devices"])
def test_who_only_looks_spends_nothing(signed_in, spent, page):
    assert signed_in.get(page).status_code == 200
