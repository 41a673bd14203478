"""`manage.py tenant`, `host`, `domain`, `apply`: a tenant's life without a shell, twice over."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from hosting.models import Host, Tenant
from moderation.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db


def say(*arguments: str) -> str:
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def data(*arguments: str):
    return json.loads(say(*arguments, "--json"))


def test_a_tenant_from_its_making_to_its_end(db):
    made = data("tenant", "create", "acme", "--name", "Acme", "--support-email", "help@acme.org")
    assert (made["name"], made["support-email"], made["hosts"]) == ("Acme", "help@acme.org", [])
    added = data(
        *("host", "add", "pds.acme.org", "--tenant", "acme"),
        *("--domain", "acme.org", "--admission", "invite"),
    )
    assert added["settings"]["admission"] == {"value": "invite", "source": "host"}
    assert data("tenant", "list") == [
        {"tenant": "acme", "name": "Acme", "hosts": ["pds.acme.org"], "accounts": 0}
    ]
    say("domain", "add", "pds.acme.org", "acme.net")
    assert [each["domain"] for each in data("domain", "list")] == [".acme.org", ".acme.net"]
    say("domain", "remove", "acme.net")
    with pytest.raises(CommandError, match="in use by audit entry"):
        say("host", "remove", "pds.acme.org")


def test_a_tenant_and_a_host_that_nobody_used_go(db):
    say("tenant", "create", "acme")
    say("host", "add", "pds.acme.org", "--tenant", "acme", "--domain", "acme.org")
    say("host", "remove", "pds.acme.org")
    say("tenant", "delete", "acme")
    assert not Tenant.objects.exists()


def test_lines_for_people_name_every_value(ash):
    assert say("tenant", "list") == "ash  Ash  localhost  0\n"
    assert "admission             open (host)" in say("host", "show", "localhost")


def test_only_what_is_given_is_changed(ash):
    say("tenant", "set", "ash", "--wants-second-factors", "on")
    say("tenant", "set", "ash", "--moved-copy-kept-days", "30")
    tenant = Tenant.objects.get(slug="ash")
    assert (tenant.name, tenant.wants_second_factors, tenant.moved_copy_kept_days) == (
        "Ash", True, 30,
    )  # fmt: skip
    say("tenant", "set", "ash", "--moved-copy-kept-days", "")
    assert Tenant.objects.get(slug="ash").moved_copy_kept_days is None


def test_what_is_changed_of_a_tenant_is_on_the_record(ash, monkeypatch):
    say("tenant", "set", "ash", "--country", "DE")
    say("tenant", "set", "ash", "--country", "DE")
    say("token", "create", "billing", "--tenant", "ash", "--scope", "audit:read")
    monkeypatch.setattr("sys.stdin", io.StringIO("a long enough secret\n"))
    say("host", "set", "localhost", "--read-admin-password")
    entries = AuditEntry.objects.order_by("pk")
    assert {each.actor for each in entries} == {"operator"}
    assert [each.reason for each in entries] == [
        "country: none -> DE",
        "API token billing: made for audit:read",
        "admin-password: set",
    ]


def test_another_tenants_hosts_are_not_listed(ash, birch):
    assert [each["host"] for each in data("host", "list", "--tenant", "ash")] == ["localhost"]
    assert [each["domain"] for each in data("domain", "list", "--host", birch.hostname)] == [
        ".birch.test"
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("tenant", "create", "ash"), "There is a tenant ash already"),
        (("tenant", "create", "Not A Slug"), "--slug: "),
        (("tenant", "set", "ash", "--primary-colour", "red"), "--primary-colour: "),
        (("tenant", "set", "ash", "--moved-copy-kept-days", "2"), "--moved-copy-kept-days: "),
        (("tenant", "set", "ash", "--moved-copy-kept-days", "soon"), "--moved-copy-kept-days: "),
        (("tenant", "show", "elm"), "No tenant is called elm"),
        (("host", "add", "192.0.2.1", "--tenant", "ash"), "--hostname: "),
        (("host", "set", "localhost", "--sign-in-alerts", "maybe"), "--sign-in-alerts: "),
        (("host", "set", "localhost", "--sender-language", "tlh"), "--sender-language: "),
        (("domain", "remove", "elm.org"), "is no handle domain of ours"),
    ],
)
def test_a_refusal_is_one_sentence(ash, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        say(*arguments)


def test_a_refusal_in_json_has_the_envelope(ash):
    with pytest.raises(CommandError) as refused:
        say("host", "add", "a b", "--tenant", "ash", "--json")
    assert json.loads(str(refused.value)) == {
        "error": "InvalidRequest", "message": "a b is not a host name.", "field": "hostname",
    }  # fmt: skip


def test_a_domain_is_removed_by_force_only(ash):
    factories.account_row(ash, "anna")
    with pytest.raises(CommandError, match=r"anna\.test"):
        say("domain", "remove", ".test")
    assert data("domain", "remove", ".test", "--force")["handles lost"] == 1


def test_a_file_is_applied(tmp_path):
    file = tmp_path / "tenants.toml"
    file.write_text('[tenants.acme.hosts."pds.acme.org"]\ndomains = ["acme.org"]\n')
    assert "tenants.acme: made" in say("apply", str(file), "--dry-run")
    assert not Host.objects.exists()
    say("apply", str(file))
    assert say("apply", str(file)) == "Nothing differs.\n"


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"[x"])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, content):
    file = tmp_path / "tenants.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError):
        say("apply", str(file))


def test_a_tenant_with_hosts_is_deleted_by_a_job(ash):
    with pytest.raises(CommandError, match="Suspend ash first"):
        say("tenant", "delete", "ash", "--confirm", "ash", "--without-export")
    say("tenant", "suspend", "ash", "--reason", "It left.")
    with pytest.raises(CommandError, match="--confirm: Say ash once more"):
        say("tenant", "delete", "ash", "--confirm", "elm")
    begun = data("tenant", "delete", "ash", "--confirm", "ash", "--without-export")
    assert begun["state"] == "waiting"
