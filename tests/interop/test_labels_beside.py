"""The same labels said by @skyware/labeler and by Grove: both are asked the same.

Where it is at hand: set GROVE_SKYWARE to a copy of tests/interop/skyware with its node_modules. Two
things differ. What a query answers of a label that was taken back: skyware all that was said, we
the last word; so its answers are reduced to that before they are compared. And `_` or `%` before
the `*` of a pattern: skyware escapes the one for a LIKE that knows no escapes, the other never.
"""

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.browser.stories import NODE, install_clients
from tests.running import RunningGrove, free_port, running_grove

SKYWARE = Path(os.environ.get("GROVE_SKYWARE", "/nowhere"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif(not SKYWARE.is_dir(), reason="GROVE_SKYWARE names no other labeler"),
]

BOB = "did:plc:bobbobbobbobbobbobbobbob"
POSTS = [f"at://{BOB}/app.bsky.feed.post/{name}" for name in ("a", "a_b", "ab", "b")]
SAID = [
    {"uri": POSTS[0], "val": "spam"},
    {"uri": POSTS[1], "val": "spam"},
    {"uri": BOB, "val": "rude"},
    {"uri": POSTS[2], "val": "rude"},
    {"uri": POSTS[0], "val": "spam", "neg": True},
    {"uri": POSTS[3], "val": "spam"},
    {"uri": POSTS[0], "val": "spam"},
]
PATTERNS = [
    [POSTS[0]], [BOB], ["*"], [f"at://{BOB}/*"], [f"{POSTS[0]}*"], [POSTS[0], BOB],
    ["at://%"], ["nothing"],
]  # fmt: skip
REFUSED = ["uriPatterns=a*b", "uriPatterns=*&cursor=x", "uriPatterns=*&limit=0"]
LABELER = """
from hosting.models import Host
from moderation.labels import changes
from tests import factories
labeler = factories.labeler(factories.account_row(Host.objects.order_by("pk")[0], "watcher"))
"""


def say(grove: RunningGrove, folder: Path) -> None:
    """Say it at a Grove."""
    lines = LABELER
    for label in SAID:
        verb = "negate" if label.get("neg") else "put"
        named = f"labeler, {label['uri']!r}, {label['val']!r}"
        lines += f"changes.{verb}({named}, actor='admin', reason='test')\n"
    (folder / "say.py").write_text(lines)
    grove.command(f".venv/bin/python manage.py shell < {folder / 'say.py'}")


def told(grove: RunningGrove, folder: Path) -> dict[str, Any]:
    asked = ["&".join(f"uriPatterns={quote(each)}" for each in every) for every in PATTERNS]
    wanted = {
        "did": "did:plc:someotherlabelersomeother",
        "key": secrets.token_hex(32),
        "said": SAID,
        "asked": [*asked, *REFUSED],
        "cursors": [0, 3, 7, 8],
    }
    words = ["--grove", grove.url, "--folder", str(folder), "--port", str(free_port())]
    story = subprocess.run(
        [str(NODE), "beside.mjs", *words],
        cwd=SKYWARE,
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert story.returncode == 0, story.stdout + story.stderr
    answers: dict[str, Any] = json.loads(story.stdout.splitlines()[-1])
    return answers


def said_in(labels: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    return [(label["uri"], label["val"], bool(label.get("neg"))) for label in labels]


def last_words(said: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    last: dict[tuple[str, str], bool] = {}
    for uri, val, is_negation in said:
        last.pop((uri, val), None)
        last[uri, val] = is_negation
    return [(uri, val, is_negation) for (uri, val), is_negation in last.items()]


def test_both_answer_the_same(tmp_path: Path) -> None:
    install_clients()
    for name in ("beside.mjs", "package.json"):
        shutil.copy(Path(__file__).parent / "skyware" / name, SKYWARE / name)
    with running_grove() as grove:
        say(grove, tmp_path)
        answers = told(grove, tmp_path)
    ours, theirs = answers["grove"], answers["skyware"]
    assert [each["status"] for each in ours["queries"][-3:]] == [400, 400, 400]
    for asked, mine, other in zip(PATTERNS, ours["queries"], theirs["queries"], strict=False):
        assert said_in(mine["labels"]) == last_words(said_in(other["labels"])), asked
    for mine, other in zip(ours["streams"], theirs["streams"], strict=True):
        assert [frame.get("seq") for frame in mine] == [frame.get("seq") for frame in other]
        assert [frame.get("error") for frame in mine] == [frame.get("error") for frame in other]
        for frame, beside in zip(mine, other, strict=True):
            assert said_in(frame.get("labels", [])) == said_in(beside.get("labels", []))
