"""Forms that tests send to the console: a change without an entry in the audit log fails them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from moderation.models import AuditEntry
from server.database import model_rows

WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)
# What is nobody's change: who is signed in and by what, who looks at what, and logs of their own.
UNLOGGED = {
    "staff_session",
    "factor_attempts",
    "passkey",
    "recovery_code",
    "totp",
    "outgoing_mail",
    "case_viewer",
    "case_filter",
    "bulk_action",
    "bulk_item",
    "audit_link",
    "audit_chain",
}


# Of the tenant, and of a case: who took it, notes, states.
LOGS = {"audit_entry", "case_event"}
# Neither is the answer to a code, nor what a look from outside found.
UNLOGGED_PAGES = {"/console/second-step/", "/console/labels/probe/"}


class Written:
    """The tables that statements write to."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute: Any, sql: Any, *rest: Any) -> Any:
        done = execute(sql, *rest)  # or it raises, and nothing was written
        if isinstance(sql, str) and (found := WRITE.match(sql)):
            self.tables.add(found[1])
        return done


@pytest.fixture(autouse=True)
def _every_change_on_the_console_is_logged(monkeypatch) -> None:
    """Over all pages that tests post to, so over all that there will be."""
    post, insert = Client.post, model_rows.insert
    written = Written()

    def inserted(row: Model) -> Any:
        if isinstance(row, AuditEntry):  # by a prepared statement, which no wrapper sees
            written.tables.add("audit_entry")
        return insert(row)

    def watched(client: Client, path: str, *args: Any, **kwargs: Any) -> Any:
        written.tables.clear()
        with connection.execute_wrapper(written):
            answer = post(client, path, *args, **kwargs)
        is_watched = path.startswith("/console/") and path not in UNLOGGED_PAGES
        if is_watched and not written.tables & LOGS:
            assert written.tables <= UNLOGGED, f"{path} changed {written.tables} without an entry"
        return answer

    monkeypatch.setattr(model_rows, "insert", inserted)
    monkeypatch.setattr(Client, "post", watched)
