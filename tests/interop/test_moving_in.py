"""Moves in by our pages from the reference PDS, in Chromium (tests/interop/move_in.mjs)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.stories import CHROMIUM, install_clients, tell
from tests.interop.test_moving import REFERENCE, Reference, needs_npm, running_reference
from tests.running import RunningGrove, free_port, running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.interop,
    needs_npm,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="GROVE_REFERENCE names no reference PDS"),
]


@contextmanager
def two_homes() -> Iterator[tuple[Reference, RunningGrove, str]]:
    """The reference PDS, a Grove on its PLC directory, and the port that both send mail to."""
    install_clients()
    smtp_port = free_port()
    with running_reference(smtp_port) as reference:
        smtp = f"smtp://127.0.0.1:{smtp_port}"
        with running_grove(GROVE_SMTP_URL=smtp, GROVE_PLC_URL=reference.plc_url) as grove:
            yield reference, grove, str(smtp_port)


def told(homes: tuple[Reference, RunningGrove, str], old: str, downloads: Path, *more: str) -> str:
    """What the story says."""
    reference, grove, smtp_port = homes
    return tell(
        "move_in.mjs",
        grove,
        *("--old", old, "--plc", reference.plc_url, "--third", reference.urls[1]),
        *("--smtp-port", smtp_port, "--downloads", str(downloads)),
        *more,
    )


def moved_in(way: str, downloads: Path, *more: str) -> str:
    """What the story says of a move from a reference PDS that goes on running."""
    with two_homes() as homes:
        return told(homes, homes[0].urls[0], downloads, "--way", way, *more)


def test_by_oauth_at_the_old_host(tmp_path: Path) -> None:
    said = moved_in("oauth", tmp_path, "--records", "60", "--blobs", "12")
    assert "60 records and 12 blobs moved in" in said


def test_with_the_password_at_the_old_host(tmp_path: Path) -> None:
    said = moved_in("password", tmp_path)
    assert "2000 records and 50 blobs moved in" in said


def test_with_a_recovery_key_and_a_car_when_the_old_host_gives_nothing(tmp_path: Path) -> None:
    said = moved_in("key", tmp_path, "--records", "60", "--blobs", "12")
    assert "60 records and 12 blobs moved in" in said


def test_from_a_dead_host_whoever_is_killed_in_each_step(tmp_path: Path) -> None:
    with two_homes() as homes, running_reference(int(homes[2]), homes[0].plc_url) as dead:
        pids = homes[1].data / "run" / "pids.json"
        deaths = ("--old-pid", str(dead.pid), "--pids", str(pids))
        said = told(homes, dead.urls[0], tmp_path, "--way", "key", *deaths)
    assert "2000 records and 50 blobs moved in" in said
