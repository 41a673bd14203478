"""What an account uses, on its page of the console, and the page where its limits are set."""

import pytest

from accounts.models import AccountLimits
from hosting.models import Tenant
from hosting.tenancy import routing
from repos.models import Repo
from tests.factories import open_account, staff_member


@pytest.fixture
def page(ash) -> str:
    """Of an account with 9 records, at a tenant that allows 10."""
    account = open_account(ash)
    Tenant.objects.filter(pk=ash.tenant_id).update(limits={"account-records": 10})
    Repo.objects.filter(pk=account.pk).update(record_count=9)
    routing.forget()
    return f"/console/accounts/{account.did}/"


def test_what_is_nearly_used_up_is_said_with_where_the_limit_comes_from(owner, page):
    shown = owner.get(page).text
    assert "Records of an account is nearly used up: 9 of 10." in shown
    assert '<td data-label="Set by">the tenant</td>' in shown


def test_an_owner_sets_a_limit_and_takes_it_back(owner, page):
    assert owner.post(f"{page}limits/", {"account-records": "4"})["location"] == page
    assert AccountLimits.objects.get().limits == {"account-records": 4}
    assert 'value="4"' in owner.get(f"{page}limits/").text
    owner.post(f"{page}limits/", {"account-records": ""})
    assert AccountLimits.objects.get().limits == {}


@pytest.mark.parametrize("value", ["11", "none", "many"])
def test_a_limit_that_the_plan_does_not_allow_is_said_at_its_field(owner, page, value):
    answer = owner.post(f"{page}limits/", {"account-records": value})
    assert answer.status_code == 422
    assert "autofocus" in answer.text
    assert not AccountLimits.objects.filter(limits__has_key="account-records").exists()


def test_who_is_no_owner_looks_and_changes_nothing(ash, owner, page):
    owner.force_login(staff_member(ash, "moderator"))
    assert 'name="account-records"' not in owner.get(f"{page}limits/").text
    assert owner.post(f"{page}limits/", {"account-records": "4"}).status_code == 403
