"""The version stands in pyproject.toml; whatever tells it reads it there."""

import re
import tomllib

from server.net.http_client import USER_AGENT
from server.version import VERSION
from tests.house.packages import PACKAGES, ROOT, modules, shown
from xrpc import well_known

# Grove's name, then a number: in a string, a template or a page.
WRITTEN = re.compile(r"grove[ /-]v?\d+\.\d+", re.IGNORECASE)


def test_the_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_health_and_user_agent_tell_it() -> None:
    assert f"grove {VERSION}" == well_known.VERSION
    assert USER_AGENT.startswith(f"Grove/{VERSION} ")


def test_no_other_place_writes_it() -> None:
    files = [file for package in PACKAGES for file in modules(package)]
    files += [file for file in (ROOT / "templates").rglob("*") if file.is_file()]
    said = [
        shown(file)
        for file in files
        if WRITTEN.search(text := file.read_text()) or f'"{VERSION}"' in text
    ]
    assert said == []


def test_the_changelog_begins_with_it() -> None:
    told = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## (\S+)", told, re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION
