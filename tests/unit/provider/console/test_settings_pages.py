"""All settings of a host: who says what, who may change it, and who did."""

import pytest
from django.test import Client

from hosting.models import Host
from provider.tenancy import host_settings
from tests.factories import staff_member

OWN = "/console/host-settings/"


def test_each_setting_says_who_says_it(owner, ash):
    host_settings.change(ash, {"appview-url": "https://view.example"})
    shown = owner.get(OWN).text
    assert "https://view.example" in shown
    assert all(f"{OWN}{name}/" in shown for name in host_settings.BY_NAME)


def test_an_owner_changes_what_is_the_tenants_with_a_reason_and_sees_who_did(owner, ash):
    page = f"{OWN}admission/"
    sent = {"value": "closed", "reason": "our own people"}
    assert owner.post(page, sent)["location"] == page
    assert Host.objects.get(pk=ash.pk).admission == "closed"
    shown = owner.get(page).text
    assert "admission: open -&gt; closed: our own people" in shown
    assert "our own people" not in owner.get(f"{OWN}sign-in-alerts/").text


def test_what_is_the_providers_to_say_an_owner_only_sees(owner, provider, ash):
    page = f"{OWN}blob-limit-bytes/"
    sent = {"value": "5000000", "reason": "large files"}
    assert 'name="value"' not in owner.get(page).text
    owner.post(page, sent)
    assert Host.objects.get(pk=ash.pk).blob_limit_bytes is None
    provider.post(f"/console/hosts/{ash.pk}/settings/blob-limit-bytes/", sent)
    assert Host.objects.get(pk=ash.pk).blob_limit_bytes == 5_000_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("captcha-verify-url", "https://owner.example/verify"),  # with the captcha's secret
        ("appview-url", "https://owner.example"),  # with tokens for whomever the DID names
        ("appview-did", "did:web:view.example"),
        ("report-url", "https://owner.example"),
    ],
)
def test_no_owner_has_secrets_of_others_sent_elsewhere(owner, ash, name, value):
    before = Host.objects.filter(pk=ash.pk).values().get()
    owner.post(f"{OWN}{name}/", {"value": value, "reason": "ours"})
    assert Host.objects.filter(pk=ash.pk).values().get() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sign-up-limit-count", "-1"),
        ("admission", "everybody"),
        ("moved-copy-kept-days", "3"),
        ("sign-in-alerts", "perhaps"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(owner, name, value):
    answer = owner.post(f"{OWN}{name}/", {"value": value, "reason": "x"})
    assert (answer.status_code, "<title>Error:" in answer.text) == (422, True)
    assert "autofocus" in answer.text


def test_others_look_and_change_nothing(ash):
    somebody = Client(headers={"host": ash.hostname})
    somebody.force_login(staff_member(ash, "auditor"))
    page = f"{OWN}wants-second-factors/"
    somebody.post(page, {"value": "on", "reason": "x"})
    assert 'name="value"' not in somebody.get(page).text
    assert not Host.objects.get(pk=ash.pk).tenant.wants_second_factors
