"""Calls of loggers: a constant event and named fields, so that a log can be searched and no value
slips past what is left out by name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.packages import PACKAGES, ROOT, modules, shown

METHODS = {"debug", "info", "warning", "error", "critical", "exception"}
CALL = re.compile(rf"\.({'|'.join(METHODS)})\(")  # most modules have none, and are not parsed
FIELDS = {
    "count", "cursor", "did", "exc_info", "handle", "host", "host_ids", "key", "kind", "method",
    "network", "nsid", "queue", "reason", "report", "request", "request_id", "service", "staff",
    "state", "took_ms",
}  # fmt: skip
CONSTANT_EXCEPT = {  # whoever else says what has been said already, to a person or in a class
    "moderation/staff/sign_ins.py", "server/logs/configuration.py",
    "server/supervisor/announcements.py",
}  # fmt: skip


def log_calls(file: Path) -> Iterator[ast.Call]:
    text = file.read_text()
    for node in ast.walk(ast.parse(text)) if CALL.search(text) else ():
        match node:
            case ast.Call(func=ast.Attribute(value=logger, attr=name)) if name in METHODS:
                if "log" in ast.unparse(logger).lower():
                    yield node


FILES = [file for package in PACKAGES for file in modules(package) if any(log_calls(file))]


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_an_event_is_constant_and_its_values_are_fields(file: Path) -> None:
    for call in log_calls(file):
        assert len(call.args) == 1, ast.unparse(call)
        is_exempt = str(file.relative_to(ROOT)) in CONSTANT_EXCEPT
        assert is_exempt or isinstance(call.args[0], ast.Constant), ast.unparse(call)


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_fields_have_known_names(file: Path) -> None:
    named = {each.arg for call in log_calls(file) for each in call.keywords if each.arg}
    assert named <= FIELDS


def test_there_are_calls_to_look_at() -> None:
    assert len(FILES) > 12
