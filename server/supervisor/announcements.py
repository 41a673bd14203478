"""What the supervisor says: to the person who started it, or, where logs are JSON, to the log.

Sentences for a person stand alone on their lines.
"""

import sys
from contextlib import suppress
from typing import TextIO

from structlog.stdlib import BoundLogger

from server import environment
from server.logs import configuration


def say(line: str) -> None:
    """An ordinary event."""
    if environment.has_json_logs():
        _log().info(line)
    else:
        _write(sys.stdout, line)


def warn(line: str) -> None:
    """Something that wants a look."""
    if environment.has_json_logs():
        _log().warning(line)
    else:
        _write(sys.stderr, line)


def _write(stream: TextIO, line: str) -> None:
    with suppress(OSError):  # a full disk, a reader that has gone: no reason to end a whole PDS
        stream.write(f"{line}\n")
        stream.flush()


def _log() -> BoundLogger:
    configuration.configure()
    return configuration.logger_of("server.supervisor")
