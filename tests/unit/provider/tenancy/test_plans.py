"""Plans: made, given, changed, with grace; and what they refuse where things are made."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.signup.account_quota import check_room
from hosting.models import Plan, Tenant
from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.plans.quotas import QuotaExceeded
from moderation.audit import OPERATOR
from provider.errors import InUse, InvalidField, NameTaken, NoSuchThing
from provider.tenancy import domains, hosts, plans
from repos.account_transfer import quota_use
from tests.factories import account_row

pytestmark = pytest.mark.django_db


def club(**given) -> Plan:
    limits = {name.replace("_", "-"): value for name, value in given.items()}
    return plans.create("club", {"name": "Club", "grace_days": 7}, limits, OPERATOR)


def say(*arguments: str):
    said = io.StringIO()
    call_command(*arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


def test_a_plan_is_made_given_changed_and_removed(ash):
    said = say("plan", "create", "club", "--accounts", "5", "--staff", "none")
    assert said == {"plan": "club", "name": "club", "grace-days": 0, "accounts": 5, "staff": "none"}
    given = say("tenant", "plan", "ash", "club")
    assert given["accounts"] == {"value": 5, "source": "plan"}
    own = say("tenant", "limits", "ash", "--accounts", "8")
    assert own["accounts"] == {"value": 8, "source": "tenant"}
    assert say("plan", "set", "club", "--staff", "default")["accounts"] == 5
    with pytest.raises(CommandError, match="in use by ash"):
        say("plan", "delete", "club")
    say("tenant", "plan", "ash", "none")
    assert say("plan", "list") == [{"plan": "club", "name": "club", "tenants": 0}]
    assert say("plan", "delete", "club") == {"plan": "club", "state": "deleted"}


def test_a_limit_that_gets_smaller_holds_after_the_days_of_grace(ash):
    plan = club(accounts=5)
    plans.give(ash.tenant, plan, OPERATOR)
    plans.change(plan, {}, {"accounts": 2, "staff": 3}, OPERATOR)
    tenant = Tenant.objects.get()
    assert tenant.limits_before == {"accounts": 5, "staff": None}
    assert quotas.limit(tenant, Limit.ACCOUNTS).value == 5
    Tenant.objects.update(grace_until=tenant.created_at)
    assert quotas.limit(Tenant.objects.get(), Limit.ACCOUNTS).value == 2


def test_what_is_wrong_is_named(ash):
    plan = club(accounts=5)
    with pytest.raises(NameTaken):
        club()
    with pytest.raises(NoSuchThing):
        plans.named("x")
    with pytest.raises(InvalidField, match="no limit cats"):
        plans.change(plan, {}, {"cats": 5}, OPERATOR)
    with pytest.raises(InvalidField, match="whole number"):
        plans.change(plan, {}, {"accounts": "many"}, OPERATOR)
    plans.give(ash.tenant, plan, OPERATOR)
    with pytest.raises(InUse):
        plans.delete(plan, OPERATOR)


def test_an_account_has_limits_of_its_own(ash):
    account = account_row(ash)
    said = say("tenant", "limits", "ash", "--account", "alice.test", "--account-records", "7")
    assert said == {"account": account.did, "account-records": 7}
    with pytest.raises(InvalidField, match="no limit of an account"):
        plans.set_account_limits(account, {"staff": 1}, OPERATOR)
    plans.set_account_limits(account, {"account-records": "default"}, OPERATOR)
    assert quota_use.own_limits(account) == {}


def test_accounts_domains_and_hosts_beyond_the_plan_are_refused(ash):
    plans.give(ash.tenant, club(accounts=1, domains=1, hosts=1), OPERATOR)
    ash.tenant.refresh_from_db()
    check_room(ash)
    account_row(ash)
    with pytest.raises(QuotaExceeded, match="limit is 1 accounts"):
        check_room(ash)
    with pytest.raises(QuotaExceeded, match="domains"):
        domains.add(ash, "acme.org")
    with pytest.raises(QuotaExceeded, match="hosts"):
        hosts.create(ash.tenant, "pds.acme.org", [], by=OPERATOR)


def test_a_file_has_plans_and_says_who_has_which(tmp_path, ash):
    file = tmp_path / "tenants.toml"
    file.write_text(
        '[plans.club]\nname = "Club"\nlimits = { accounts = 200, staff = "none" }\n'
        '[tenants.ash]\nplan = "club"\nlimits = { hosts = 3 }\n'
    )
    call_command("apply", str(file))
    tenant = Tenant.objects.get(slug="ash")
    assert (tenant.plan.limits, tenant.limits) == ({"accounts": 200, "staff": None}, {"hosts": 3})
    said = io.StringIO()
    call_command("apply", str(file), stdout=said)
    assert "plan" not in said.getvalue()
