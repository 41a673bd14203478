"""Hosts are made whole, and go only while nobody has used them."""

import pytest

from hosting.models import Host
from moderation import audit
from moderation.audit import OPERATOR
from moderation.models import AuditEntry
from provider.errors import InUse, InvalidField, NameTaken
from provider.tenancy import host_checks, host_settings, hosts, tenants
from tests import factories


@pytest.fixture
def acme(db):
    return tenants.create("acme", {"name": "Acme"}, OPERATOR)


def test_a_host_has_all_it_needs(acme, settings):
    settings.SANDBOX = False
    host = hosts.create(acme, "PDS.acme.org", ["acme.org"], OPERATOR)
    assert (host.hostname, host.origin) == ("pds.acme.org", "https://pds.acme.org")
    assert host.service_did == "did:web:pds.acme.org"
    assert [domain.name for domain in host.handle_domains.all()] == [".acme.org"]


def test_a_sandbox_answers_at_its_own_port(acme, settings):
    settings.PUBLIC_URL = "http://localhost:2583"
    assert hosts.create(acme, "acme.localhost", [], OPERATOR).origin == "http://acme.localhost:2583"


@pytest.mark.parametrize(
    "name",
    ["", "localhost2", "192.0.2.1", "a_b.org", "-a.org", "a." * 130 + "org", "a b.org", "[::1]"],
)
def test_what_is_no_host_name_is_refused(acme, settings, name):
    settings.SANDBOX = False
    with pytest.raises(InvalidField):
        hosts.create(acme, name, [], OPERATOR)


def test_a_host_of_another_tenant_is_taken(ash, acme):
    with pytest.raises(NameTaken):
        hosts.create(acme, ash.hostname.upper(), [], OPERATOR)


def test_a_handle_of_somebody_is_no_host(ash, acme):
    factories.account_row(ash, "anna")
    with pytest.raises(NameTaken):
        hosts.create(acme, "anna.test", [], OPERATOR)


def test_nothing_is_made_when_a_domain_is_refused(ash, acme):
    with pytest.raises(NameTaken):
        hosts.create(acme, "pds.acme.org", ["acme.org", ".test"], OPERATOR)
    assert not Host.objects.named("pds.acme.org").exists()


def test_a_host_that_nobody_used_goes(acme):
    hosts.remove(hosts.create(acme, "pds.acme.org", ["acme.org"], OPERATOR), OPERATOR)
    assert not acme.hosts.exists()


def test_a_host_stays_while_somebody_lives_there(ash):
    factories.account_row(ash, "anna")
    with pytest.raises(InUse, match=r"localhost is in use by anna\.test"):
        hosts.remove(ash, OPERATOR)


def test_what_was_done_at_a_host_is_kept_and_so_is_the_host(ash):
    audit.record_at_host("admin", ash, AuditEntry.Action.HOST_CHANGE_ADMISSION, "a test")
    with pytest.raises(InUse, match="audit entry"):
        hosts.remove(ash, OPERATOR)


def test_a_tenant_with_hosts_stays(ash):
    with pytest.raises(InUse):
        tenants.delete(ash.tenant, OPERATOR)


@pytest.mark.parametrize(
    ("app", "site"),
    [
        ("https://app.acme.example", "acme.example"),
        ("https://acme.example/app", "acme.example"),
        ("https://acme-app.example", ""),
        ("", ""),
    ],
)
def test_an_app_below_the_hosts_own_domain_is_the_same_site(app, site):
    host = Host(hostname="pds.acme.example", app_url=app)
    assert host_checks.same_site(host) == site
    assert (site in host_checks.same_site_said(host)) is True


@pytest.mark.parametrize(
    "given",
    ["no url", "ftp://cdn.example/{did}", "https://", "https://cdn.example/{x}", "https:/a"],
)
def test_a_setting_of_a_url_takes_nothing_else(ash, given):
    with pytest.raises(InvalidField) as refused:
        host_settings.change(ash, {"appview-cdn": given})
    assert refused.value.field == "appview-cdn"
    host_settings.change(ash, {"appview-cdn": "https://cdn.example/{preset}/{did}/{cid}@jpeg"})
