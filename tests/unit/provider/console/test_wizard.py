"""The wizard: steps that are kept, a host that nobody gets into before it answered from outside,
and drafts that go without a trace."""

import pytest

from accounts.models import InviteCode
from hosting.mail.models import OutgoingMail
from hosting.models import HandleDomain, Host, StaffInvite, Tenant
from moderation.models import AuditEntry
from provider.models import TenantDraft
from provider.tenancy import domain_checks, drafts, host_checks
from server.net.http_client import NoSuchHost, TimedOut

STEPS = {
    "tenant": {"name": "Oak", "slug": "oak", "owner_email": "olga@oak.example.com", "plan": ""},
    "host": {"hostname": "oak", "domains": "oak.example.com\nOak.example.net."},
    "branding": {"primary_colour": "#ffee00", "support_email": "", "operator": "", "country": ""},
    "sign-ups": {"admission": "invite", "invite_uses": "50"},
}


def page(draft: TenantDraft, what: str) -> str:
    return f"/console/tenants/drafts/{draft.pk}/{what}/"


@pytest.fixture
def draft(provider) -> TenantDraft:
    """One that was filled in."""
    provider.post("/console/tenants/new/")
    made = TenantDraft.objects.get()
    for name, fields in STEPS.items():
        assert provider.post(page(made, f"step/{name}"), fields).status_code == 302
    return made


@pytest.fixture
def outside(monkeypatch):
    """What is seen from outside: the host itself, and nobody at its domains."""
    seen = {"status": 200, "did": "did:web:oak.localhost%3A2583"}

    def ask(url: str) -> tuple[int, bytes]:
        if "raises" in seen:
            raise seen["raises"]
        return seen["status"], b'{"did": "%s"}' % seen["did"].encode()

    monkeypatch.setattr(host_checks.check, "__defaults__", (ask,))
    monkeypatch.setattr(domain_checks.check, "__defaults__", (lambda url: 404,))
    return seen


def test_a_draft_ends_in_a_host_with_an_owner_invited_and_a_link(provider, draft, outside):
    provider.post(page(draft, "look"))
    assert Host.objects.get(hostname="oak.localhost").admission == "closed"
    provider.post(page(draft, "open"))
    host = Host.objects.get(hostname="oak.localhost")
    assert (host.admission, host.tenant.name) == ("invite", "Oak")
    assert [each.name for each in host.handle_domains.all()] == [
        ".oak.example.com",
        ".oak.example.net",
    ]
    code = InviteCode.objects.get(host=host)
    shown = provider.get(page(draft, "checks")).text
    assert f"/account/sign-up?invite={code.code}" in shown
    assert "<svg" in shown
    assert code.available_count == 50
    assert StaffInvite.objects.get(tenant=host.tenant).role == "owner"
    assert OutgoingMail.objects.get(host=host).recipient == "olga@oak.example.com"


def test_what_is_checked_says_what_to_do_and_nothing_opens_before_it_answers(
    provider, draft, outside
):
    for fault, said in (
        (NoSuchHost("oak.localhost"), "Add a DNS record for oak.localhost"),
        (TimedOut(), "Open port 443"),
    ):
        outside["raises"] = fault
        provider.post(page(draft, "look"))
        assert said in provider.get(page(draft, "checks")).text
    del outside["raises"]
    outside["did"] = "did:web:other.example"
    provider.post(page(draft, "open"))
    assert "Another server answered (200)" in provider.get(page(draft, "checks")).text
    assert Host.objects.get(hostname="oak.localhost").admission == "closed"
    assert not StaffInvite.objects.exists()


@pytest.mark.parametrize("steps", range(6))
def test_a_draft_is_removed_from_any_step_without_a_trace(provider, outside, steps):
    provider.post("/console/tenants/new/")
    draft = TenantDraft.objects.get()
    for name, fields in list(STEPS.items())[:steps]:
        provider.post(page(draft, f"step/{name}"), fields)
    if steps == 5:
        provider.post(page(draft, "look"))
        assert Tenant.objects.filter(slug="oak").exists()
    provider.post(page(draft, "remove"))
    assert not TenantDraft.objects.exists()
    assert not Tenant.objects.filter(slug="oak").exists()
    assert not HandleDomain.objects.filter(name=".oak.example.com").exists()
    assert not AuditEntry.objects.exists()


def test_a_step_is_changed_after_the_host_was_made(provider, draft, outside):
    provider.post(page(draft, "look"))
    answer = provider.post(page(draft, "step/host"), STEPS["host"] | {"hostname": "elm"})
    assert answer.status_code == 302
    provider.post(page(draft, "look"))
    assert set(Host.objects.values_list("hostname", flat=True)) == {"localhost", "elm.localhost"}


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("tenant", {"slug": "ash"}, "This name is taken."),
        ("tenant", {"owner_email": "olga"}, "Enter a valid email address."),
        ("host", {"hostname": "a b"}, "Enter a valid host name."),
        ("host", {"hostname": "Birch.localhost."}, "This name is taken."),
        ("host", {"domains": "co.uk"}, "co.uk cannot be a handle domain."),
        ("branding", {"primary_colour": "green"}, "A colour such as #2f6b3a."),
        ("branding", {"country": "Germany"}, "Two letters, such as DE."),
        ("sign-ups", {"invite_uses": "0"}, "Ensure this value is greater than or equal to 1."),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(provider, ash, birch, name, fields, said):
    provider.post("/console/tenants/new/")
    draft = TenantDraft.objects.get()
    answer = provider.post(page(draft, f"step/{name}"), STEPS[name] | fields)
    assert (answer.status_code, "<title>Error:" in answer.text) == (422, True)
    assert said in answer.text
    assert "autofocus" in answer.text
    assert TenantDraft.objects.get().given == {}


def test_a_colour_that_nobody_could_read_is_shown_as_it_will_be(provider):
    provider.post("/console/tenants/new/")
    draft = TenantDraft.objects.get()
    sent = STEPS["branding"] | {"preview": "on"}
    shown = provider.post(page(draft, "step/branding"), sent).text
    assert "too little to read: shown as #" in shown
    assert TenantDraft.objects.get().given == {}


def test_drafts_are_bounded_and_old_ones_go(provider, draft, monkeypatch):
    monkeypatch.setattr(drafts, "OPEN_MAX", 1)
    provider.post("/console/tenants/new/")
    assert TenantDraft.objects.count() == 1
    TenantDraft.objects.update(changed_at="2020-01-01T00:00:00Z")
    assert drafts.forget_old() == 1


def test_a_host_that_somebody_uses_is_not_removed_with_its_draft(provider, draft, outside):
    provider.post(page(draft, "look"))
    host = Host.objects.get(hostname="oak.localhost")
    InviteCode.objects.create(
        host=host, code="x", for_account="admin", created_by="admin", available_count=1
    )
    AuditEntry.objects.create(host=host, actor="operator", action="host.add_domain", reason="x")
    provider.post(page(draft, "remove"))
    assert TenantDraft.objects.filter(pk=draft.pk).exists()
    assert Host.objects.filter(pk=host.pk).exists()
