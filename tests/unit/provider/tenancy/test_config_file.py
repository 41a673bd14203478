"""A file of tenants: what differs is said, and done once."""

import pytest

from hosting.mail.emails import sender_of
from hosting.models import Host, Tenant
from protocol.errors import XrpcError
from provider.tenancy import config_file

FILE = """
[tenants.acme]
name = "Acme Association"
wants-second-factors = true

[tenants.acme.hosts."pds.acme.org"]
domains = [".acme.org", "acme.net"]
admission = "invite"
blob-quota-bytes = 1000000
sender-language = "de"
"""


def apply(text: str, *, is_dry_run: bool = False) -> list[str]:
    return config_file.apply(config_file.read(text), is_dry_run=is_dry_run)


def test_a_file_makes_what_is_missing(db):
    apply(FILE)
    host = Host.objects.get(hostname="pds.acme.org")
    assert (host.tenant.name, host.tenant.wants_second_factors) == ("Acme Association", True)
    assert [domain.name for domain in host.handle_domains.all()] == [".acme.org", ".acme.net"]
    assert (host.admission, host.blob_quota_bytes) == ("invite", 1_000_000)
    assert sender_of(host).language == "de"


def test_twice_is_the_same(db):
    apply(FILE)
    assert apply(FILE) == []


def test_a_dry_run_says_all_of_it_and_does_nothing(db):
    said = apply(FILE, is_dry_run=True)
    assert "tenants.acme: made" in said
    assert 'tenants.acme.hosts."pds.acme.org": admission: open -> invite' in said
    assert not Tenant.objects.exists()


def test_what_differs_is_changed_and_the_rest_left(db):
    apply(FILE)
    Host.objects.update(appview_did="did:web:view.example", appview_url="https://view.example")
    changed = FILE.replace('[".acme.org", "acme.net"]', '[".acme.net"]').replace("invite", "closed")
    assert apply(changed) == [
        'tenants.acme.hosts."pds.acme.org": domain .acme.org: removed',
        'tenants.acme.hosts."pds.acme.org": admission: invite -> closed',
    ]
    assert Host.objects.get().appview_did == "did:web:view.example"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[tenants", ""),
        ("tenants = 3", "tenants"),
        ("colour = 1", "colour"),
        ("[tenants.acme]\nnam = 1", "tenants.acme.nam"),
        ('[tenants.acme]\nprimary-colour = "green"', "tenants.acme.primary-colour"),
        ("[tenants.acme]\nhosts = 1", "tenants.acme.hosts"),
        ('[tenants.acme.hosts."a.org"]\ndomains = ["org"]', 'tenants.acme.hosts."a.org".domain'),
        ('[tenants.acme.hosts."a.org"]\nadmission = "all"', 'tenants.acme.hosts."a.org".admission'),
        ('[tenants.acme.hosts."a.org"]\ndomains = 3', 'tenants.acme.hosts."a.org".domains'),
        ('[tenants.acme.hosts."a.org"]\ndid-method = [3]', 'tenants.acme.hosts."a.org".did-method'),
        ('[tenants.acme.hosts."a.org"]\nwhatever = 3', 'tenants.acme.hosts."a.org".whatever'),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_place_and_nothing_is_done(db, text, field):
    with pytest.raises(XrpcError) as refused:
        apply(f'{text}\n[tenants.fine]\nname = "Fine"' if text.startswith("[tenants.") else text)
    assert refused.value.field == field
    assert not Tenant.objects.exists()


def test_a_host_of_another_tenant_is_not_taken_over(ash):
    with pytest.raises(XrpcError, match=r"localhost is a host of tenant ash"):
        apply('[tenants.acme.hosts.localhost]\nadmission = "closed"')
