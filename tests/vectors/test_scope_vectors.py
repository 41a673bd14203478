"""The public files for scopes, where a copy lies beside the checkout.

They are those of indigo's `atproto/auth/testdata`. Two lines of them call `account:status` invalid,
which the network's own server grants and so do we.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol.oauth import scope_syntax, scopes
from protocol.oauth.scope_syntax import InvalidScope

FOLDER = Path(__file__).parents[2] / "../shared/interop/oauth"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no copy of the public scope files beside the checkout"
)
VALID_ALL_THE_SAME = {"account:status", "account:status?action=manage"}


def _lines(name: str) -> list[str]:
    file = FOLDER / name
    lines = file.read_text().split("\n") if file.is_file() else []
    return [line for line in lines if line and not line.startswith("#")]


def _cases() -> list[dict[str, Any]]:
    file = FOLDER / "generic_scopes_valid.json"
    return json.loads(file.read_text()) if file.is_file() else []


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["scope"])
def test_a_scope_is_taken_apart(case: dict[str, Any]) -> None:
    found = scope_syntax.read(case["scope"])
    assert {
        "resource": found.resource,
        "positional": found.positional or "",
        "params": {name: list(values) for name, values in found.params.items()},
    } == case["generic"]


@pytest.mark.parametrize("text", _lines("generic_scopes_invalid.txt"))
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(InvalidScope):
        scope_syntax.read(text)


@pytest.mark.parametrize("text", _lines("permission_scopes_valid.txt"))
def test_a_valid_scope_has_one_normal_form(text: str) -> None:
    scope = scopes.parse(text)
    assert scopes.parse(str(scope)) == scope
    assert str(scopes.parse(str(scope))) == str(scope)


@pytest.mark.parametrize("text", _lines("permission_scopes_invalid.txt"))
def test_a_void_scope_is_refused(text: str) -> None:
    if text in VALID_ALL_THE_SAME:
        assert str(scopes.parse(text)) == text
        return
    with pytest.raises(InvalidScope):
        scopes.parse(text)
