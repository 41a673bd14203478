"""Django's commands of `manage.py` (all but `run`), and a sentence where the database is not
there, as behind a forgotten GROVE_DATA, instead of sixty lines about a socket."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError

from server import environment
from server.database import connection
from server.encryption import keyring
from server.logs import configuration


def main(argv: Sequence[str]) -> int:
    """Run a command; 1 and one sentence when what it needs is not there. `--traceback` says all."""
    if environment.has_json_logs():
        configuration.configure()
        configuration.log_uncaught()
    try:
        execute_from_command_line(list(argv))
    except (OperationalError, InterfaceError, keyring.KeyringError) as fault:
        is_ours = isinstance(fault, keyring.KeyringError) or connection.is_outage(fault)
        if "--traceback" in argv or not is_ours:
            raise
        sys.stderr.write(f"{_sentence(fault)}\n")
        return 1
    return 0


def _sentence(fault: Exception) -> str:
    if isinstance(fault, keyring.KeyringError):
        return (
            f"The database's keys cannot be unwrapped: {fault}. The data folder is"
            f" {settings.DATA_DIR}; name another one with GROVE_DATA."
        )
    if environment.text("DATABASE_URL"):
        reason = str(fault).splitlines()[0].rstrip(". ")
        return f"The database that DATABASE_URL names does not answer: {reason}."
    return _without_services(settings.DATA_DIR)


def _without_services(data: Path) -> str:
    """Why there is no Postgres of ours behind a data folder, and what to do."""
    note = data / "services.json"
    if not data.is_dir():
        return f"There is no data folder {data}: name the right one with GROVE_DATA."
    if note.exists() and not os.access(note, os.R_OK):
        return f"You may not read {note}: run this as the user that Grove runs as."
    return (
        f"No Grove is running on the data folder {data}: start it there (`make run`), or name"
        " another folder with GROVE_DATA."
    )
