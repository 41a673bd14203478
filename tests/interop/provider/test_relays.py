"""The provider's story, by the REST API and by the command line, under a host name that moves with
the tenant: both relays, indigo's and ours, read on.

It wants root and indigo's relay (tests/interop/indigo/test_indigo.py):
`GROVE_INDIGO=... pytest tests/interop/provider`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.provider import story
from tests.interop.provider.inside import INDIGO, RELAY, RELAYS, TENANT
from tests.interop.provider.story import PEOPLE
from tests.running import ROOT

INDIGO_RELAY = os.environ.get("GROVE_INDIGO", "/nowhere")
WITHIN_S = 900
pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif(
        not (Path(INDIGO_RELAY).exists() and os.geteuid() == 0),
        reason="GROVE_INDIGO names no program, or we are not root",
    ),
]


@pytest.fixture(scope="module", params=["ByApi", "ByCommand"])
def said(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What the relays said (inside.py)."""
    folder = Path(tempfile.mkdtemp(prefix="grove-leaving-"))
    argv = ["unshare", "--net", "--mount", sys.executable, "-m", "tests.interop.provider.inside"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GROVE_")}
    try:
        subprocess.run(
            [*argv, str(folder), INDIGO_RELAY, request.param],
            cwd=ROOT,
            check=True,
            timeout=WITHIN_S,
            env=kept,
        )
        yield json.loads((folder / "said.json").read_text())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def commits(said: dict[str, Any], name: str, did: str) -> list[list[Any]]:
    return [each for each in said["streams"][name].get(did, []) if each[0] == "#commit"]


@pytest.mark.parametrize("relay", RELAYS)
def test_everybody_is_active_with_the_newest_rev(said: dict[str, Any], relay: str) -> None:
    assert said["statuses"][relay] == said["statuses"][TENANT]
    assert [active for active, _ in said["statuses"][relay].values()] == [True] * PEOPLE
    assert said["hosts"][relay]["status"] == "active"


@pytest.mark.parametrize("relay", RELAYS)
def test_no_commit_is_missing_between_the_two_deployments(said: dict[str, Any], relay: str) -> None:
    assert len(said["statuses"][TENANT]) == PEOPLE
    for did in said["statuses"][TENANT]:
        expected = commits(said, "old", did) + commits(said, "new", did)
        assert len(expected) >= 2
        assert commits(said, relay, did) == expected


def test_numbers_go_on_above_all_that_was_sent(said: dict[str, Any]) -> None:
    story.numbers_go_on(said["seqs"]["old"], said["seqs"]["new"])
    for name in (INDIGO, RELAY):
        assert said["seqs"][name] == sorted(set(said["seqs"][name]))
