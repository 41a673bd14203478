"""What the supervisor loads before it forks: all that its children need, nothing that few do."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.running import ROOT

pytestmark = pytest.mark.long
LOAD = """
import gc, json, os, sys, threading
from server.supervisor import preload, run
preload.load(preload.LIBRARIES)
preload.models()
preload.product()
print(json.dumps({
    "modules": sorted(sys.modules),
    "files": [os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")[3:-1]],
    "threads": threading.active_count(),
    "types": list({type(each).__name__ for each in gc.get_objects()}),
}))
"""
# Libraries for what hardly any process does: each takes tens of milliseconds and megabytes.
AT_FIRST_USE = {
    "boto3", "botocore", "drf_spectacular.generators", "jsonschema", "lexrpc", "multiformats",
}  # fmt: skip
# A child that had to load one of these would do it beside the others, in memory of its own.
BEFORE_THE_FORK = {
    "accounts.pages.urls", "accounts.tasks", "moderation.console", "moderation.tasks",
    "provider.api.urls", "provider.console", "provider.tasks", "relay.ingestion.crawler",
    "repos.tasks", "xrpc.dispatch",
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "hosting.settings"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    whole: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return whole


def test_a_fork_shares_no_thread_and_no_file(loaded: dict[str, Any]) -> None:
    assert loaded["threads"] == 1
    assert loaded["files"] == []


def test_pages_tasks_and_relay_are_loaded_once_for_all_children(loaded: dict[str, Any]) -> None:
    assert BEFORE_THE_FORK - set(loaded["modules"]) == set()


def test_what_few_need_is_loaded_by_whoever_needs_it(loaded: dict[str, Any]) -> None:
    assert AT_FIRST_USE & set(loaded["modules"]) == set()
    assert "PublicSuffixList" not in loaded["types"]
