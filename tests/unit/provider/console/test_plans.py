"""Plans on the console: made, changed, retired, with who has them and what was changed."""

import pytest

from hosting.models import Plan
from moderation.audit import OPERATOR
from provider.tenancy import plans

GIB = 1024**3


@pytest.fixture
def club() -> Plan:
    return plans.create("club", {"name": "Club"}, {"accounts": 50}, OPERATOR)


def test_a_plan_is_made_with_limits_as_people_type_them(provider, ash):
    typed = {"accounts": "50", "blob-bytes": "10 GB", "records": "none"}
    given = {"slug": "club", "name": "Club", "grace_days": "7", **typed}
    assert provider.post("/console/plans/new/", given).headers["Location"] == "/console/plans/club/"
    made = Plan.objects.get(slug="club")
    assert (made.grace_days, made.limits) == (
        7,
        {"accounts": 50, "blob-bytes": 10 * GIB, "records": None},
    )


@pytest.mark.parametrize("typed", ["many", "-1", "5 PB", "9" * 17, "default "])
def test_what_is_no_limit_is_said_at_its_field(provider, ash, typed):
    given = {"slug": "club", "name": "Club", "grace_days": "0", "accounts": typed}
    answer = provider.post("/console/plans/new/", given)
    is_refused = typed != "default "
    assert answer.status_code == (422 if is_refused else 302)
    assert ('id="id_accounts_error">Enter a number, or none.' in answer.text) is is_refused


def test_a_taken_name_is_said_at_its_field(provider, ash, club):
    given = {"slug": "club", "name": "Another", "grace_days": "0"}
    answer = provider.post("/console/plans/new/", given)
    assert (answer.status_code, "This name is taken." in answer.text) == (422, True)


def test_a_change_shows_in_the_history_and_an_empty_limit_is_the_platforms(provider, ash, club):
    page = "/console/plans/club/"
    provider.post(page, {"name": "Club", "grace_days": "0", "hosts": "2"})
    club.refresh_from_db()
    assert club.limits == {"hosts": 2}
    shown = provider.get(page).text
    assert "accounts: 50 -&gt; default; hosts: default -&gt; 2" in shown
    assert "by provider," in shown


def test_a_retired_plan_stays_with_who_has_it_and_is_given_to_nobody(provider, ash, birch, club):
    plans.give(ash.tenant, club, OPERATOR)
    provider.post("/console/plans/club/retire/")
    assert "/console/tenant/ash/" in provider.get("/console/plans/club/").text
    with pytest.raises(plans.Retired):
        plans.give(birch.tenant, Plan.objects.get(), OPERATOR)
    provider.post("/console/plans/club/retire/", {"offer": "on"})
    assert plans.give(birch.tenant, Plan.objects.get(), OPERATOR) == ["plan: none -> club"]


def test_a_plan_that_somebody_has_is_not_removed(provider, ash, club):
    plans.give(ash.tenant, club, OPERATOR)
    provider.post("/console/plans/club/remove/")
    assert Plan.objects.exists()
    plans.give(ash.tenant, None, OPERATOR)
    provider.post("/console/plans/club/remove/")
    assert not Plan.objects.exists()
