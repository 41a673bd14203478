"""Variables are typed once, and what is wrong with one is said in a sentence."""

import os
import subprocess
import sys

import pytest

from server import environment


def test_unset_and_empty_variables_have_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROVE_PORT", "")
    assert environment.port("GROVE_PORT", 2583) == 2583


@pytest.mark.parametrize("value", ["0", "65536", "99999", "-1", "2583.5", "http"])
def test_what_is_no_port_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GROVE_PORT", value)
    with pytest.raises(SystemExit, match=r"GROVE_PORT must be a .*not '?" + value):
        environment.port("GROVE_PORT", 2583)


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", []),
        ("https://relay.example", ["https://relay.example"]),
        (" https://a.example/ , http://localhost:1,", ["https://a.example", "http://localhost:1"]),
    ],
)
def test_origins_come_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, origins: list[str]
) -> None:
    monkeypatch.setenv("GROVE_CRAWLERS", value)
    assert environment.origins("GROVE_CRAWLERS") == origins


@pytest.mark.parametrize(
    ("url", "is_sandbox"),
    [
        ("", True),
        ("http://localhost:2583", True),
        ("http://birch.localhost:2583/", True),
        ("http://127.0.0.1:2583", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:2583", True),
        ("https://pds.example.org", False),
        ("https://localhost:2983", False),
        ("https://127.0.0.1", False),
        ("http://pds.example.org", False),
        ("http://localhost.example.org", False),
        ("http://notlocalhost", False),
        ("http://10.0.0.1:2583", False),
        ("http://0.0.0.0:2583", False),
        ("http://LOCALHOST.:2583", True),
        ("http://[::ffff:127.0.0.1]:2583", True),
        ("http://[2001:4860:4860::8888]", False),
        ("http://[fe80::1]:2583", False),
        ("http://localhost.example.", False),
        ("http://127.0.0.1.nip.io", False),
        ("http://127.1", False),
        ("http://2130706433", False),
        ("http://PDS.Example.ORG.", False),
    ],
)
def test_a_public_name_is_no_sandbox_unless_it_is_said(
    monkeypatch: pytest.MonkeyPatch, url: str, is_sandbox: bool
) -> None:
    monkeypatch.setenv("GROVE_PUBLIC_URL", url)
    monkeypatch.setenv("GROVE_SANDBOX", "")
    assert environment.is_sandbox() is is_sandbox
    for said in ("on", "off"):
        monkeypatch.setenv("GROVE_SANDBOX", said)
        assert environment.is_sandbox() is (said == "on")


@pytest.mark.parametrize("said", ["yes", "ON", "0"])
def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("GROVE_SANDBOX", said)
    with pytest.raises(SystemExit, match=r"^GROVE_SANDBOX must be on or off"):
        environment.is_sandbox()


@pytest.mark.parametrize(
    "url", ["pds.example.org", "https://pds.example.org/x", "http://[", "ftp://a", "http://a b"]
)
def test_a_public_url_is_an_origin(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("GROVE_PUBLIC_URL", url)
    with pytest.raises(SystemExit, match=r"^GROVE_PUBLIC_URL must be like https://"):
        environment.public_url()


@pytest.mark.parametrize(
    ("url", "told"), [("https://pds.example.org", "False 259200"), ("", "True 0")]
)
def test_the_settings_go_by_the_public_url(url: str, told: str) -> None:
    asked = "from hosting import settings as s; print(s.SANDBOX, s.DELETION_HOLD_S)"
    changed = {"GROVE_PUBLIC_URL": url, "GROVE_SANDBOX": "", "GROVE_DELETION_HOLD": ""}
    done = subprocess.run(
        [sys.executable, "-c", asked], env={**os.environ, **changed}, stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == told
