"""Hosts stand alone: own DID, own secrets; seeding twice changes nothing but what was asked for."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from hosting.models import Host, StaffUser
from hosting.models.tenants import service_did
from hosting.tenancy import provisioning
from protocol.keys import SigningKey
from server.encryption import keyring


def test_the_service_did_carries_the_port_percent_encoded() -> None:
    assert service_did("http://localhost:2583") == "did:web:localhost%3A2583"
    assert service_did("https://PDS.example") == "did:web:pds.example"


def test_a_host_gets_secrets_of_its_own(ash: Host, birch: Host) -> None:
    secrets = {keyring.unwrap(host.token_secret) for host in (ash, birch)}
    assert {len(secret) for secret in secrets} == {32}
    assert len(secrets) == 2


def test_the_rotation_key_is_kept_wrapped_with_its_did_key(ash: Host) -> None:
    key = SigningKey.load("k256", keyring.unwrap(ash.rotation_key))
    assert key.did_key == ash.rotation_did_key


def test_the_sandbox_has_two_hosts_on_one_port(db: None) -> None:
    provisioning.seed_sandbox()
    origins = list(Host.objects.order_by("hostname").values_list("hostname", "origin"))
    assert origins == [
        ("birch.localhost", "http://birch.localhost:2583"),
        ("localhost", "http://localhost:2583"),
    ]


def test_seeding_again_keeps_hosts_and_keys(db: None) -> None:
    provisioning.seed_sandbox()
    before = set(Host.objects.values_list("id", "rotation_did_key"))
    provisioning.seed_sandbox()
    assert set(Host.objects.values_list("id", "rotation_did_key")) == before


def test_a_changed_admin_password_reaches_hosts_and_staff(db: None, settings: Settings) -> None:
    for password in ("first word", "second word"):
        settings.ADMIN_PASSWORD = password
        provisioning.seed_admin()
        provisioning.seed_sandbox()
    assert StaffUser.objects.get(username="admin").check_password("second word")
    assert all(check_password("second word", host.admin_password) for host in Host.objects.all())


@pytest.mark.parametrize(
    ("password", "is_sandbox", "is_warned_of"),
    [("12345", False, True), ("password", False, True), ("12345", True, False),
     ("quiet-otter-rows-north", False, False)],
)  # fmt: skip
def test_a_weak_admin_password_is_warned_of_outside_a_sandbox(
    db: None,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    password: str,
    is_sandbox: bool,
    is_warned_of: bool,
) -> None:
    settings.ADMIN_PASSWORD, settings.SANDBOX = password, is_sandbox
    provisioning.seed_admin()
    assert ("GROVE_ADMIN_PASSWORD is weak" in caplog.text) == is_warned_of


def test_without_an_admin_password_nobody_gets_in(db: None, settings: Settings) -> None:
    settings.ADMIN_PASSWORD = ""
    provisioning.seed_admin()
    assert not StaffUser.objects.get(username="admin").check_password("")


def test_a_changed_public_url_moves_the_sandbox(db: None, settings: Settings) -> None:
    provisioning.seed_sandbox()
    settings.PUBLIC_URL = "https://pds.example"
    provisioning.seed_sandbox()
    assert Host.objects.get(hostname="pds.example").service_did == "did:web:pds.example"
    assert Host.objects.count() == 2


def test_invites_follow_the_environment(db: None, settings: Settings) -> None:
    settings.INVITES_REQUIRED = True
    provisioning.seed_sandbox()
    assert Host.objects.filter(admission="invite").count() == 2


def test_a_database_under_another_key_is_noticed(
    ash: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioning.check_keys()
    stranger = AESGCM(bytes(32))
    monkeypatch.setattr(keyring, "ciphers", lambda: {b"k1": stranger})
    with pytest.raises(keyring.KeyringError):
        provisioning.check_keys()


@pytest.mark.parametrize("column", ["hostname", "other_hostname"])
def test_a_name_of_a_host_is_no_other_hosts_name(ash: Host, birch: Host, column: str) -> None:
    other = {"hostname": "other_hostname", "other_hostname": "hostname"}[column]
    Host.objects.filter(pk=ash.pk).update(**{other: "new.example"})
    with pytest.raises(IntegrityError, match="another host has this name"), transaction.atomic():
        Host.objects.filter(pk=birch.pk).update(**{column: "new.example"})


def test_a_host_may_take_its_two_names_in_turns(ash: Host) -> None:
    Host.objects.filter(pk=ash.pk).update(other_hostname="new.example")
    Host.objects.filter(pk=ash.pk).update(hostname="new.example", other_hostname=ash.hostname)
    assert Host.objects.get(pk=ash.pk).other_hostname == ash.hostname
