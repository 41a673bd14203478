"""Lines of a log, as they come out of the one formatter: JSON for machines, text for a person."""

import json
import logging
import subprocess
import sys
from io import StringIO

import pytest
import structlog
from django.test import RequestFactory
from structlog.stdlib import ProcessorFormatter

from hosting import celery
from server import environment
from server.logs import configuration
from server.logs.requests import id_of

SECRET = "hunter2hunter2"
A_PROCESS = """
import logging, threading, warnings
from server.logs import configuration
configuration.configure(); configuration.log_uncaught()
warnings.warn("old")
thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
raise ValueError("password=%s")
"""


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> StringIO:
    """What loggers below "somebody" write, by the format that the test names."""
    monkeypatch.setenv("GROVE_LOG_FORMAT", getattr(request, "param", "json"))
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ProcessorFormatter(processors=configuration.processors()))
    for logger in (logging.getLogger("somebody"), logging.getLogger("django.request")):
        monkeypatch.setattr(logger, "handlers", [handler])
        monkeypatch.setattr(logger, "propagate", False)
    return stream


def fail(why: str) -> None:
    raise ValueError(why)


def only_line(written: StringIO) -> dict:
    (line,) = written.getvalue().splitlines()
    return json.loads(line)


def test_a_line_is_an_object_with_its_fields(written: StringIO) -> None:
    structlog.stdlib.get_logger("somebody").warning("lost", did="did:plc:x", count=3)
    said = only_line(written)
    assert said["timestamp"].endswith("Z")
    assert said["pid"] > 0
    assert (said["level"], said["logger"], said["event"]) == ("warning", "somebody", "lost")
    assert (said["did"], said["count"]) == ("did:plc:x", 3)


def test_a_trace_is_a_field_of_one_line_without_secrets(written: StringIO) -> None:
    try:
        fail(f"{{'password': '{SECRET}'}}\nand more")
    except ValueError:
        structlog.stdlib.get_logger("somebody").exception("failed", token=SECRET)
    assert SECRET not in written.getvalue()
    said = only_line(written)
    assert said["level"] == "error"
    assert said["exception"].startswith("Traceback")
    assert said["exception"].endswith("and more")
    assert said["token"] == "(left out)"


def test_loggers_of_others_write_the_same_lines(written: StringIO) -> None:
    logging.getLogger("somebody.else").error("no %s\nfor %s", "route", "you@mail.example")
    said = only_line(written)
    assert said["event"] == "no route\nfor (left out)"
    assert (said["level"], said["logger"]) == ("error", "somebody.else")


def test_a_request_is_named_without_what_it_holds(written: StringIO) -> None:
    request = RequestFactory().get(f"/xrpc/com.example.get?token={SECRET}", HTTP_HOST="pds.test")
    structlog.stdlib.get_logger("somebody").warning("failed", request=request)
    said = only_line(written)
    assert said["method"] == "com.example.get"
    assert (said["verb"], said["host"], said["request_id"]) == ("GET", "pds.test", id_of(request))
    assert SECRET not in written.getvalue()


def test_djangos_requests_are_named_alike(written: StringIO) -> None:
    request = RequestFactory().get("/account/" + "x" * 5_000)
    fault = (ValueError, ValueError("x"), None)
    logging.getLogger("django.request").error("oh", extra={"request": request}, exc_info=fault)
    said = only_line(written)
    assert said["path"] == ("/account/" + "x" * 5_000)[:200]
    assert said["request_id"] == id_of(request)


@pytest.mark.parametrize("written", ["text"], indirect=True)
def test_nobody_writes_a_line_that_looks_like_ours(written: StringIO) -> None:
    forged = "x\n2026-12-01T00:00:00Z [error] \x1b[2J"
    try:
        fail(forged)
    except ValueError:
        structlog.stdlib.get_logger("somebody").exception("failed", host=forged)
    first, *trace = written.getvalue().splitlines()
    assert "failed" in first
    assert "\x1b" not in written.getvalue()
    assert trace
    assert all(line.startswith("  ") for line in trace[1:])


def test_a_process_says_all_it_has_to_say_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = environment.for_children({"GROVE_LOG_FORMAT": "json"})
    done = subprocess.run(
        [sys.executable, "-c", A_PROCESS % SECRET],
        env=changed, cwd=environment.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["level"] for each in said] == ["warning", "critical", "critical"]
    assert "ZeroDivisionError" in said[1]["exception"]
    assert said[2]["event"] == "ValueError"
    assert SECRET not in done.stderr
    assert done.returncode == 1


def test_a_format_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROVE_LOG_FORMAT", "yaml")
    with pytest.raises(SystemExit, match="GROVE_LOG_FORMAT must be one of text, json, not 'yaml'"):
        environment.has_json_logs()


def test_celery_leaves_the_configuration_alone() -> None:
    before = list(logging.getLogger().handlers)
    assert celery.app.log.setup_logging_subsystem(loglevel="WARNING")  # "somebody has done it"
    assert logging.getLogger().handlers == before
