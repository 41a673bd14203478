"""Plans by the REST API: made, given to a tenant, and read by that tenant alone."""

import pytest

pytestmark = pytest.mark.django_db


def test_a_plan_is_made_given_and_removed(ash, platform):
    made = platform.call("POST", "plans", {"slug": "club", "limits": {"accounts": 5}})
    assert (platform.status, made["limits"]) == (201, {"accounts": 5})
    changed = {"limits": {"accounts": None, "staff": 2}, "grace_days": 3}
    assert platform.call("PATCH", "plans/club", changed)["limits"] == changed["limits"]
    own = {"plan": "club", "limits": {"hosts": 4}}
    given = platform.call("PATCH", "tenants/ash/plan", own)
    held = {each["limit"]: (each["value"], each["source"]) for each in given["quotas"]}
    assert (held["staff"], held["hosts"]) == ((2, "plan"), (4, "tenant"))
    assert platform.call("DELETE", "plans/club")["error"] == "InUse"
    assert platform.call("PATCH", "tenants/ash/plan", {"plan": None, "limits": {}})["plan"] is None
    platform.call("DELETE", "plans/club")
    assert (platform.status, platform.call("GET", "plans")["items"]) == (204, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slug": "a b"}, "slug"),
        ({"slug": "a", "limits": {"cats": 1}}, "cats"),
        ({"slug": "a", "limits": {"staff": -1}}, "limits"),
        ({"slug": "a", "grace_days": 1000}, "grace-days"),
    ],
)
def test_what_is_wrong_has_its_field(platform, body, field):
    answer = platform.call("POST", "plans", body)
    assert (platform.status, answer["field"].partition(".")[0]) == (400, field)


def test_a_tenant_sees_its_own_plan_alone(ash, birch, client_of):
    ours = client_of(ash.tenant)
    assert ours.call("GET", "tenants/ash/plan")["plan"] is None
    assert ours.call("GET", "tenants/birch/plan")["error"] == "NotFound"
