"""kill -9 in each step of an export, an import, an adoption, a suspension and its end, a list of
people and the close of a month: done again by the next attempt, nothing lost and nothing doubled.

GROVE_KILLS=all kills before and after each statement, and has it rolled back and committed.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from hosting.mail.models import OutgoingMail
from hosting.models import Host, Tenant, TenantDay, TenantMonth
from hosting.plans import metering, quotas
from hosting.tenancy import routing
from moderation.audit import OPERATOR
from moderation.models import AuditEntry
from protocol.event_stream.frames import EventKind
from provider.jobs import running
from provider.models import Job, WebhookDelivery
from provider.tenancy import suspensions, tenants
from provider.tenancy.invites import people_invites
from provider.tenant_archive import jobs, kept_files
from provider.tenant_archive.exporting import Receiver
from provider.tenant_archive.reading import Reader
from provider.webhooks import addresses
from repos.blobs import files as blob_files
from repos.blobs import garbage_collection
from repos.maintenance import check
from repos.maintenance import metering as counting
from repos.models import Blob, EventCounter, Repo
from repos.reads import repos
from repos.state import long_reads
from tests import shortcuts
from tests.api import network
from tests.api.clients import sign_up
from tests.concurrency import provider_worker
from tests.concurrency.killing import held_up, kill_held, worker
from tests.factories import ash as make_ash
from tests.factories import open_account
from tests.unit.provider.adoption import data_directory
from tests.unit.repos.blobs.uploads import put, upload
from tests.unit.repos.events import numbering
from tests.unit.repos.events.firehose import stream

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
EVERYWHERE = os.environ.get("GROVE_KILLS") == "all"
PEOPLE, PHRASE, WHY = 3, "a passphrase of some length", "unpaid"
MONTH = metering.month_before(metering.month_before(quotas.today()))
DONE = "UPDATE provider_job WHEN NEW.state = 'done'"
SECOND = "UPDATE provider_job WHEN NEW.done_count = 2"
AUDIT = "INSERT audit_entry"
EXPORT = [SECOND, "UPDATE tenant", AUDIT, DONE]
IMPORT = ["INSERT tenant", "INSERT account", "INSERT record", "INSERT blob", "INSERT event_counter"]
IMPORT += ["UPDATE provider_job WHEN NEW.place ? 'made'", DONE]
ADOPTION = ["INSERT host", "INSERT account", "INSERT record", "INSERT blob", "INSERT event_counter"]
ANNOUNCED = ["UPDATE account", "INSERT event", SECOND, DONE]
INVITED = ["INSERT outgoing_mail", SECOND, DONE]
CLOSED = ["INSERT account_day", "INSERT tenant_day", "INSERT tenant_month"]
CLOSED += ["INSERT webhook_delivery"]


@pytest.fixture(scope="module")
def parent() -> Iterator["subprocess.Popen[str]"]:
    with worker("tests.concurrency.provider_worker") as process:
        yield process
    long_reads.close_idle()


@pytest.fixture(autouse=True)
def by_hand(settings, monkeypatch) -> None:
    """Jobs are done by the processes that are killed, and by whoever comes after them."""
    settings.VALKEY_URL = ""
    routing.forget()
    network.stand_in(monkeypatch, [])
    monkeypatch.setattr(running.queue, "wake", lambda _: None)
    shutil.rmtree(blob_files.storage().path(""), ignore_errors=True)
    shutil.rmtree(kept_files.folder(), ignore_errors=True)


def kills(steps: list[str]) -> Iterator[tuple[str, str, str]]:
    """Where, when and how; a row's condition can only be asked after it."""
    for number, step in enumerate(steps):
        moments = ["BEFORE", "AFTER"] if EVERYWHERE and " WHEN " not in step else ["AFTER"]
        endings = ["rolled back", "committed"]
        for moment in moments:
            for ending in endings if EVERYWHERE else [endings[number % 2]]:
                yield step, moment, ending


def killed(parent: Any, kill: tuple[str, str, str], verb: str, *given: Any) -> None:
    """Killed there, and then done by the next one."""
    step, moment, ending = kill
    with held_up(step, moment):
        kill_held(parent, [verb, *given], ending, f"{verb}: {moment} {step}")
    provider_worker.VERBS[verb](*given)


def people(host: Host) -> list[Account]:
    """Each with a record and a file."""
    found = [open_account(host) for _ in range(PEOPLE)]
    for account in found:
        repo = repos.find_repo(host, account.did)
        put(repo, "k", upload(repo, b"picture of %d" % account.pk))
    numbering.number()
    return found


def heads() -> dict[str, bytes]:
    return {did: bytes(head) for did, head in Repo.objects.values_list("did", "head")}


def noted(beginning: str) -> int:
    """How often the log says it."""
    return AuditEntry.objects.filter(reason__startswith=beginning).count()


def exported(host: Host) -> Job:
    suspensions.suspend(host.tenant, OPERATOR, reason=WHY)
    Job.objects.all().delete()
    return jobs.begin_export(Tenant.objects.get(), OPERATOR, Receiver(PHRASE))


def test_an_export_is_one_whole_file(ash: Host, parent) -> None:
    people(ash)
    for count, kill in enumerate(kills(EXPORT), 1):
        job = exported(ash)
        killed(parent, kill, "job", job.pk)
        job.refresh_from_db()
        assert (job.state, job.result["repos"]) == ("done", PEOPLE), kill
        (file,) = kept_files.folder().iterdir()
        with Reader(file) as reader:
            reader.check()
            assert len(reader.names("repos/")) == PEOPLE
        kept_files.remove(job.given["archive"])
        assert noted("exported") == count, kill


def test_an_import_makes_one_tenant_with_the_heads_that_it_had(ash: Host, parent) -> None:
    people(ash)
    before, job = heads(), exported(ash)
    provider_worker.job(job.pk)
    archive = job.given["archive"]
    for kill in kills(IMPORT):
        shortcuts.empty()
        shutil.rmtree(blob_files.storage().path(""), ignore_errors=True)
        come = jobs.begin_import(OPERATOR, archive, passphrase=PHRASE)
        killed(parent, kill, "job", come.pk)
        come.refresh_from_db()
        assert (come.state, come.last_error) == ("done", ""), kill
        assert heads() == before
        assert (Tenant.objects.count(), Blob.objects.count(), noted("imported")) == (1, PEOPLE, 1)
        for pk in Repo.objects.values_list("pk", flat=True):
            assert check.check_repo(pk, lambda _: None).damages == []
        garbage_collection.remove_unknown_files(timedelta(0))  # the sweep
        root = Path(blob_files.storage().path(""))
        assert sum(path.is_file() for path in root.rglob("*")) == PEOPLE, kill


def test_an_adoption_makes_one_host_with_the_heads_that_it_had(parent, tmp_path: Path) -> None:
    person = sign_up(make_ash(), "alice")
    person.send("com.atproto.repo.uploadBlob", b"a picture", "image/png")
    person.create("app.bsky.feed.post", {"text": "x", "createdAt": data_directory.AT})
    before = heads()
    path = data_directory.make(tmp_path / "pds", person, "abcd-efgh-ijkl-mnop", b"a picture")
    for kill in kills(ADOPTION):
        shortcuts.empty()
        tenants.create("acme", {"name": "Acme"}, OPERATOR)
        killed(parent, kill, "adopt", str(path))
        assert heads() == before, kill
        assert (Host.objects.count(), Blob.objects.count()) == (1, 1)
        assert EventCounter.objects.exclude(pk=0).count() == 1


def said(account: Account) -> list[str]:
    bodies = [body for kind, body in stream.events(account.pk) if kind is EventKind.ACCOUNT]
    return ["active" if body["active"] else body["status"] for body in bodies]


def test_a_suspension_and_its_end_are_said_once_of_each_account(ash: Host, parent) -> None:
    here, expected = people(ash), ["active"]
    for kill in kills(ANNOUNCED):
        for verb, heard in (("suspend", "suspended"), ("resume", "active")):
            more = {"reason": WHY} if verb == "suspend" else {}
            getattr(suspensions, verb)(Tenant.objects.get(), OPERATOR, **more)
            killed(parent, kill, "job", Job.objects.latest("pk").pk)
            expected = [*expected, heard]
            assert [said(account) for account in here] == [expected] * PEOPLE, (verb, kill)
            assert Job.objects.latest("pk").state == "done"


def test_everybody_on_a_list_is_written_to_once(ash: Host, parent) -> None:
    for number, kill in enumerate(kills(INVITED)):
        listed = "".join(f"p{number}-{n}@example.com\n" for n in range(PEOPLE))
        job = people_invites.begin(OPERATOR, ash, listed)
        killed(parent, kill, "job", job.pk)
        job.refresh_from_db()
        assert (job.state, job.result) == ("done", {"invited": 3, "known": 0, "left_out": 0}), kill
        assert OutgoingMail.objects.filter(recipient__startswith=f"p{number}-").count() == PEOPLE
        assert "addresses" not in job.given


def test_a_month_is_closed_once_with_the_figures_of_a_recount(parent) -> None:
    for kill in kills(CLOSED):
        shortcuts.empty()
        host = make_ash()
        Tenant.objects.update(created_at=f"{MONTH}T00:00Z")
        people(host)
        Repo.objects.update(counted_on=MONTH.replace(day=15))
        addresses.create(host.tenant, "https://hooks.example/", [])
        killed(parent, kill, "close_month", MONTH.isoformat())
        closed = TenantMonth.objects.get()
        assert (closed.writes, closed.uploads) == (PEOPLE, PEOPLE), kill
        assert TenantDay.objects.get().writes == PEOPLE
        assert WebhookDelivery.objects.filter(event="usage.month_closed").count() == 1, kill
        assert list(counting.recount([host.tenant_id])) == []
