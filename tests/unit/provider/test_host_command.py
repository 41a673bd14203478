"""`manage.py host`: what the provider sets, from arguments and standard input."""

import io
import json
import sys

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command

from hosting.models import Host
from server.encryption import keyring

MOD = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"


def run(*arguments, stdin="", monkeypatch=None) -> str:
    if monkeypatch:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    said = io.StringIO()
    call_command("host", "set", "localhost", *arguments, stdout=said)
    return said.getvalue()


def shown() -> dict:
    said = io.StringIO()
    call_command("host", "show", "localhost", "--json", stdout=said)
    return json.loads(said.getvalue())


def test_how_a_host_is_set_is_shown_with_who_says_so(ash, settings):
    settings.APPVIEW_DID = "did:web:view.example"
    run("--moderation-did", MOD)
    said = shown()
    assert said["domains"] == [".test"]
    assert said["settings"]["moderation-did"] == {"value": MOD, "source": "host"}
    assert said["settings"]["appview-did"] == {
        "value": "did:web:view.example",
        "source": "platform",
    }


def test_a_moderation_service_is_named_and_taken_away(ash):
    run("--moderation-did", MOD)
    assert Host.objects.get().moderation_did == MOD
    run("--moderation-did", "")
    assert Host.objects.get().moderation_did == ""


def test_a_host_gets_services_of_its_own_and_gives_them_up(ash):
    run("--appview-url", "https://view.example/", "--appview-did", "did:web:view.example")
    host = Host.objects.get()
    assert (host.appview_url, host.appview_did) == ("https://view.example", "did:web:view.example")
    run("--appview-url", "", "--appview-did", "")
    assert Host.objects.get().appview_did == ""


def test_copies_of_moved_accounts_are_kept_for_some_days_or_for_good(ash):
    assert "moved-copy-kept-days: none -> 90" in run("--moved-copy-kept-days", "90")
    run("--moved-copy-kept-days", "")
    assert Host.objects.get().tenant.moved_copy_kept_days is None


@pytest.mark.parametrize("days", ["6", "-1", "a week"])
def test_a_copy_is_kept_a_week_at_the_least(ash, days):
    with pytest.raises(CommandError):
        run(f"--moved-copy-kept-days={days}")


def test_secrets_come_by_standard_input_and_are_kept_as_they_should(ash, monkeypatch):
    said = run(
        "--read-captcha-secret", "--read-admin-password",
        stdin="0xSECRET\na long enough one\n", monkeypatch=monkeypatch,
    )  # fmt: skip
    host = Host.objects.get()
    assert keyring.unwrap(bytes(host.captcha_secret)) == b"0xSECRET"
    assert check_password("a long enough one", host.admin_password)
    assert "SECRET" not in said


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["--moderation-did", "mod.example"], ""),
        (["--captcha-verify-url", "not a url"], ""),
        (["--appview-url", "http://["], ""),
        (["--report-did", "desk.example"], ""),
        (["--read-admin-password"], ""),
        (["--read-admin-password"], "too short\n"),
        (["--read-admin-password"], "qwerty123456\n"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(ash, monkeypatch, arguments, stdin):
    with pytest.raises(CommandError):
        run(*arguments, stdin=stdin, monkeypatch=monkeypatch)
    host = Host.objects.get()
    assert (host.moderation_did, host.captcha_verify_url, host.admin_password) == ("", "", "")


def test_a_host_that_is_not_here_is_not_made(ash):
    with pytest.raises(CommandError, match=r"No host is named elsewhere\.example"):
        call_command("host", "show", "elsewhere.example")
