"""A database of the version before is upgraded; its people go on as if nothing had happened."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from accounts.authentication import session_tokens
from accounts.models import PlcOperation, Session
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from hosting.tenancy import routing
from moderation.models import Report
from repos.models import Blob, BlobFetch, ImportJob, RepoDeletion
from repos.state import long_reads
from server.encryption import keyring
from server.jobs.leased_job import LeasedJob
from tests.api.clients import Api
from tests.factories import PASSWORD
from tests.upgrade import write_dump

pytestmark = pytest.mark.long

DUMP = Path(__file__).with_name("before_0_1.sql")
SQUASHED = {"accounts", "hosting", "mail", "moderation", "repos"}
FIRST = "0001_squashed_tables"
CHANGED_NO_TABLE = "0010_evidence_actions"  # of moderation: choices, which Postgres does not know
PREFIX = f"grove_upgrade_{os.getpid()}_"
# What was under way in the database of before, in its words: one row of each table of jobs.
OPEN_JOBS = """
    INSERT INTO public.plc_operation VALUES (-1, 'did:plc:x', 'update', '{}', 'x', 'pending', 2, now(), 'unknown',
        'a time-out', now(), NULL, NULL, 'kept.example', '');
    INSERT INTO public.outgoing_mail VALUES (-1, 'x@y', 'welcome', 'v@example.com', 's', 't', 'h', 'sending', 1, now(),
        now(), '', now(), NULL, 1);
    INSERT INTO public.import_job VALUES (-1, -1, '', 'x.car', 'running', 0, 1, now(), '', '', 0, now(), NULL);
    INSERT INTO public.import_job VALUES (-2, -1, '', '', 'refused', 0, 1, now(), 'X', 'no tree', 400, now(), now());
    INSERT INTO public.blob_fetch VALUES (-1, 'https://a.b', 'due', now(), true, 0, 0, '');
    INSERT INTO public.blob_fetch VALUES (-2, 'https://a.b', 'stopped', now(), false, 1, 0, 'gone');
    INSERT INTO public.doomed_repo VALUES (-1, 1, 'did:plc:y', 1, now(), now());
"""  # noqa: E501 - rows
LISTS = re.compile(r"\(+ARRAY\[([^\]]*)\](\)::text\[\])?\)")


@contextmanager
def database(name: str) -> Iterator[None]:
    """An empty database beside that of the other tests, named for this process alone."""
    run(f"CREATE DATABASE {PREFIX}{name}")
    yield
    run(f"DROP DATABASE {PREFIX}{name} WITH (FORCE)")


@contextmanager
def working_on(name: str) -> Iterator[None]:
    """This process has another database of the same server."""
    chosen, before = connection.settings_dict, connection.settings_dict["NAME"]
    connection.close()
    chosen["NAME"] = PREFIX + name
    routing.forget()
    try:
        yield
    finally:
        long_reads.close_idle()
        connection.close()
        chosen["NAME"] = before
        routing.forget()


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def load_dump() -> None:
    run(DUMP.read_text())
    connection.close()  # the dump empties the session's search path


def schema() -> list[str]:
    """The dumped statements but those of single days' events, in an order of their own."""
    facts = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    made = {key: connection.settings_dict[name] for key, name in facts.items()}
    target = " ".join(f"{key}='{value}'" for key, value in made.items() if value)
    parts = write_dump.dump(target, "--schema-only").split("\n\n")
    return sorted(LISTS.sub(plain, part) for part in parts if not re.search(r"event_\d{8}", part))


def plain(values: re.Match[str]) -> str:
    """A list of values as both write it: in a database that was restored each has its own cast."""
    return ", ".join(re.findall("'[^']*'", values[0]))


def planned() -> list[tuple[str, str]]:
    """What `migrate` would run."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _backwards in plan]


def recorded() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        return cursor.fetchall()


@pytest.fixture(scope="module")
def databases(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tests may make databases, and hold the keys of the dump's secrets."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as changed:
        changed.setattr(settings, "KEY_ENCRYPTION_KEYS", write_dump.KEYS)
        keyring.ciphers.cache_clear()
        yield
    keyring.ciphers.cache_clear()


@pytest.fixture(scope="module")
def fresh(databases: None) -> Iterator[list[str]]:
    """The schema of a database that begins with this version."""
    with database("fresh"):
        with working_on("fresh"):
            call_command("migrate", verbosity=0)
            statements = schema()
        yield statements


@pytest.fixture(scope="module")
def _old(databases: None) -> Iterator[None]:
    with database("old"):
        with working_on("old"):
            load_dump()
        yield


@pytest.fixture(scope="module")
def _upgraded(databases: None) -> Iterator[None]:
    with database("upgraded"):
        with working_on("upgraded"):
            load_dump()
            run(OPEN_JOBS)
            call_command("prepare")
        yield


@pytest.fixture
def old(_old: None) -> Iterator[None]:
    """A database of the version before, not upgraded."""
    with working_on("old"):
        yield


@pytest.fixture
def upgraded(_upgraded: None) -> Iterator[None]:
    """A database of the version before, after the first start of this version."""
    with working_on("upgraded"):
        yield


@pytest.fixture
def host(upgraded: None) -> Host:
    return Host.objects.get(hostname=write_dump.HOSTNAME)


@pytest.fixture
def vera(host: Host, folder: Path) -> Api:
    """Who was signed in before the upgrade, with the session and the file of then."""
    file = folder / Blob.objects.get().key
    file.parent.mkdir(parents=True)
    file.write_bytes(write_dump.BYTES)
    session = Session.objects.select_related("account").get(expires_at=write_dump.FAR_AWAY)
    did = session.account.did
    return Api(host, session_tokens.make_access(host, did, session.scope, session.lineage))


def answer(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()


def test_what_ran_before_is_not_run_again(old: None) -> None:
    assert not [name for _app, name in planned() if "squashed" in name]


def test_the_first_start_notes_what_stands_for_the_old_migrations(upgraded: None) -> None:
    assert {app for app, name in recorded() if name == FIRST} == SQUASHED
    assert len(recorded()) == len(set(recorded()))
    assert planned() == []


def test_its_schema_is_that_of_a_fresh_database(upgraded: None, fresh: list[str]) -> None:
    assert schema() == fresh


def test_a_session_of_before_reads_and_writes(vera: Api) -> None:
    did = answer(vera.query("com.atproto.server.getSession"))["did"]
    place = {"repo": did, "collection": "com.example.note"}
    record = {"$type": "com.example.note", "text": "written after"}
    answer(vera.call("com.atproto.repo.createRecord", **place, record=record))
    texts = [
        kept["value"]["text"]
        for kept in answer(vera.query("com.atproto.repo.listRecords", **place))["records"]
    ]
    assert sorted(texts) == ["written after", write_dump.TEXT]
    call_command("repo", "check", did)


def test_a_password_of_before_is_good(host: Host) -> None:
    login = {"identifier": write_dump.HANDLE, "password": PASSWORD}
    answer(Api(host).call("com.atproto.server.createSession", **login))


def test_a_file_of_before_is_served(vera: Api) -> None:
    did = answer(vera.query("com.atproto.server.getSession"))["did"]
    listed = answer(vera.query("com.atproto.sync.listBlobs", did=did))["cids"]
    served = vera.query("com.atproto.sync.getBlob", did=did, cid=listed[0])
    assert b"".join(served) == write_dump.BYTES


def test_a_report_of_before_keeps_its_evidence(upgraded: None) -> None:
    report = Report.objects.select_related("evidence").get(reason=write_dump.REASON)
    assert report.evidence.path == "com.example.note/first"


def test_a_report_of_before_has_joined_a_case(upgraded: None) -> None:
    report = Report.objects.select_related("case").get(reason=write_dump.REASON)
    assert report.case is not None
    assert (report.case.subject, report.case.state) == (report.subject_uri, "open")
    assert report.case.events.get().kind == "opened"


@pytest.mark.parametrize(
    ("model", "state"),
    [(PlcOperation, "waiting"), (OutgoingMail, "running"), (ImportJob, "running"),
     (BlobFetch, "running"), (RepoDeletion, "waiting")],
)  # fmt: skip
def test_what_was_under_way_goes_on(upgraded: None, model: type[LeasedJob], state: str) -> None:
    job = model.objects.get(pk=-1)
    assert (job.state, job.decided_at) == (state, None)
    assert model.objects.claim(-1, timedelta(minutes=1)) is not None


def test_a_host_of_before_keeps_its_name_from_others(host: Host) -> None:
    with pytest.raises(IntegrityError, match="another host has this name"), transaction.atomic():
        Host.objects.exclude(pk=host.pk).update(other_hostname=host.hostname)


def test_what_was_decided_stays_so(upgraded: None) -> None:
    stopped, refused = BlobFetch.objects.get(pk=-2), ImportJob.objects.get(pk=-2)
    assert stopped.decided_at is not None
    assert (refused.state, refused.last_error) == ("refused", "no tree")


def test_a_migration_that_changed_no_table_need_not_have_run(old: None) -> None:
    with transaction.atomic():
        run(f"DELETE FROM django_migrations WHERE name = '{CHANGED_NO_TABLE}'")
        assert not [name for _app, name in planned() if "squashed" in name]
        transaction.set_rollback(True)


@pytest.mark.parametrize("app", sorted(SQUASHED))
@pytest.mark.parametrize("command", ["migrate", "prepare"])
def test_a_database_of_between_is_told_where_to_go_first(old: None, app: str, command: str) -> None:
    names = [name for label, name in recorded() if label == app]
    with transaction.atomic():
        for missing in reversed(names[1:]):
            run(f"DELETE FROM django_migrations WHERE app = '{app}' AND name = '{missing}'")
            if missing != CHANGED_NO_TABLE:
                with pytest.raises(CommandError, match="at commit 0dca1c9 on it once"):
                    call_command(command, verbosity=0)
        transaction.set_rollback(True)


def test_a_first_start_that_was_cut_short_goes_on(databases: None, fresh: list[str]) -> None:
    with database("cut_short"), working_on("cut_short"):
        for app in sorted(SQUASHED):
            call_command("migrate", app, FIRST, verbosity=0)
        assert ("repos", "0002_squashed_sql") in planned()
        call_command("prepare")
        assert schema() == fresh
