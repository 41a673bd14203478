"""The configuration of logs: structlog's loggers and everybody else's through one formatter.

GROVE_LOG_FORMAT `text` is for a person's terminal, `json` one object a line: `timestamp`, `level`,
`logger`, `event` and the fields of the call, with the trace of an exception as `exception`. Without
a line nothing is computed: a level that is off costs a comparison.
"""

import logging
import logging.config
import sys
import threading
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor, WrappedLogger

from server import environment
from server.logs.redaction import redact
from server.logs.requests import add_request

_CONTROLS: Final = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160))}
_IN_A_TRACE: Final = {**_CONTROLS, ord("\n"): "\n  ", ord("\t"): "\t"}


def configure() -> None:
    """Set up all logging of this process, on standard error; may be repeated."""
    level = environment.log_level()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_standard_logging(level))


def logger_of(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by its name, typed."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def log_uncaught() -> None:
    """Have exceptions that end the process or a thread go through the log, too: one line of JSON,
    without anybody's secrets."""
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def processors() -> list[Processor]:
    """From the fields of a call, or the record of another's logger, to a line."""
    without_meta = ProcessorFormatter.remove_processors_meta
    text, json = [without_meta, _plain, _console()], [_add_process, without_meta, JSONRenderer()]
    return [
        add_log_level,
        add_logger_name,
        TimeStamper(fmt="iso", utc=True),
        add_request,
        format_exc_info,
        redact,
        *(json if environment.has_json_logs() else text),
    ]


def _standard_logging(level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": ProcessorFormatter, "processors": processors()}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # A 404 or 501 is the asker's affair: what is worth a line of ours is an exception.
        "filters": {"faults": {"()": _Faults}},
        "loggers": {
            "django.request": {"level": "ERROR", "filters": ["faults"]},
            # a request that cannot be read is its sender's affair
            "uvicorn.error": {"level": "ERROR"},
            "server.supervisor": {"level": "INFO"},  # says that it is ready
        },
    }


class _Faults(logging.Filter):
    """Lets through what tells of an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None


def _console() -> Processor:
    """For a terminal. structlog's own way with exceptions would print local variables: secrets."""
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,
        sort_keys=False,
    )


def _add_process(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event["pid"] = event["_record"].process
    return event


def _plain(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Without control characters, and with traces indented, so that what a client wrote neither
    looks like a line of ours nor moves the cursor."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = value.translate(_IN_A_TRACE if name == "exception" else _CONTROLS)
    return event


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    elif not issubclass(kind, SystemExit):  # an orderly end of a thread
        logger_of("uncaught").critical(kind.__name__, exc_info=(kind, error, trace))
