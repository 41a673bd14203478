"""`make network`: what it refuses, and what it tells Grove and the services."""

from pathlib import Path

import pytest

from server.supervisor.checks import Refusal
from server.supervisor.network import packages, programs, run

DIDS = {"appview": "did:plc:view", "ozone": "did:plc:ozone"}


def nothing() -> None:
    """What is done while waiting."""


@pytest.fixture(autouse=True)
def _ports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROVE_PUBLIC_URL", "GROVE_SANDBOX", "GROVE_RELAY_HOST", *run.GIVEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GROVE_PORT", "2600")


def test_the_services_are_told_of_both_hosts_and_grove_of_both_services() -> None:
    where = programs.addresses()
    assert where.hosts == ["http://localhost:2600", "http://birch.localhost:2600"]
    told = programs.for_grove(where, DIDS)
    assert told["GROVE_APPVIEW_URL"] == "http://localhost:2584"
    assert told["GROVE_APPVIEW_CDN"].startswith("http://localhost:2584/img/{preset}/")
    assert told["GROVE_REPORT_DID"] == told["GROVE_MODERATION_DID"] == DIDS["ozone"]


def test_the_app_view_reads_the_relay_and_all_hosts_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert programs.addresses().firehoses == ["ws://relay.localhost:2600"]
    monkeypatch.setenv("GROVE_RELAY_HOST", "off")
    hosts = ["ws://localhost:2600", "ws://birch.localhost:2600"]
    assert programs.addresses().firehoses == hosts


def test_it_is_for_a_sandbox_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROVE_PUBLIC_URL", "https://pds.example.org")
    with pytest.raises(Refusal, match="for a sandbox"):
        run.check(programs.addresses())


def test_it_refuses_an_app_view_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROVE_APPVIEW_URL", "https://api.bsky.app")
    with pytest.raises(Refusal, match="unset GROVE_APPVIEW_URL"):
        run.check(programs.addresses())


def test_without_npm_it_says_that_make_run_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "STAMP", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match=r"npm is not there.*`make run` works"):
        packages.fetch_missing(tmp_path, nothing)


def test_packages_that_cannot_be_had_are_a_sentence_with_what_npm_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho the registry does not answer\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(packages, "STAMP", tmp_path / "none")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(Refusal, match="the registry does not answer"):
        packages.fetch_missing(tmp_path, nothing)
    assert "150 MB" in capsys.readouterr().out
