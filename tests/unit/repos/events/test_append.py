from datetime import UTC, datetime

import psycopg
import pytest
from django.db import transaction

from protocol import syntax
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.events import append
from repos.reads.repos import RepoRow
from tests.unit.repos.events.firehose import stream


def test_times_are_written_with_milliseconds_and_z() -> None:
    moment = datetime(2026, 11, 22, 9, 5, 7, 8_999, tzinfo=UTC)
    assert append.time_text(moment) == "2026-11-22T09:05:07.008Z"
    assert syntax.is_datetime(append.time_text())


def test_an_event_carries_its_repos_did_and_host(ash, repo: RepoRow) -> None:
    body = frames.identity_body(did=repo.did, time=append.time_text())
    append.append(repo.id, EventKind.IDENTITY, body)
    kind, said = stream.events(repo.id)[-1]
    assert (kind, said["did"]) == (EventKind.IDENTITY, repo.did)


def test_an_event_without_a_repo_is_refused(repo: RepoRow) -> None:
    body = frames.identity_body(did=repo.did, time=append.time_text())
    with pytest.raises(psycopg.DatabaseError, match="no rows"), transaction.atomic():
        append.append(repo.id + 1, EventKind.IDENTITY, body)
