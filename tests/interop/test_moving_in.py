"""Moves in by our pages from the reference PDS, in Chromium (tests/interop/move_in.mjs)."""

from pathlib import Path

import pytest

from tests.browser.stories import CHROMIUM, install_clients, tell
from tests.interop.test_moving import REFERENCE, needs_npm, running_reference
from tests.running import free_port, running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.interop,
    needs_npm,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="GROVE_REFERENCE names no reference PDS"),
]


def moved_in(way: str, downloads: Path, *more: str) -> str:
    """What the story says."""
    install_clients()
    smtp_port = free_port()
    smtp = f"smtp://127.0.0.1:{smtp_port}"
    with running_reference(smtp_port) as reference:
        changed = {"GROVE_SMTP_URL": smtp, "GROVE_PLC_URL": reference.plc_url}
        with running_grove(**changed) as grove:
            return tell(
                "move_in.mjs",
                grove,
                *("--old", reference.urls[0], "--plc", reference.plc_url, "--way", way),
                *("--smtp-port", str(smtp_port), "--downloads", str(downloads)),
                *("--third", reference.urls[1]),
                *more,
            )


def test_by_oauth_at_the_old_host(tmp_path: Path) -> None:
    said = moved_in("oauth", tmp_path, "--records", "60", "--blobs", "12")
    assert "60 records and 12 blobs moved in" in said


def test_with_the_password_at_the_old_host(tmp_path: Path) -> None:
    said = moved_in("password", tmp_path)
    assert "2000 records and 50 blobs moved in" in said


def test_with_a_recovery_key_and_a_car_when_the_old_host_gives_nothing(tmp_path: Path) -> None:
    said = moved_in("key", tmp_path, "--records", "60", "--blobs", "12")
    assert "60 records and 12 blobs moved in" in said
