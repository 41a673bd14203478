"""Accounts moved between two hosts of one platform by the REST API, and archives made by it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.identity.plc import updates
from accounts.models import Account, Session
from hosting.models import Host
from moderation.models import AuditEntry
from provider.api import tokens
from provider.api.tokens import Scope
from provider.jobs import running
from provider.models import Job
from repos.account_transfer.archives import worker as archive_worker
from repos.account_transfer.moves import own_hosts
from repos.models import AccountArchive, BlobFetch, MoveIn, Repo
from tests.api.clients import Person
from tests.api.test_import import folders
from tests.api.test_move_in_wizard import account_of, network, traveller, work
from tests.api.test_moving import THING

__all__ = ["folders", "network", "traveller"]
pytestmark = pytest.mark.django_db(transaction=True)
TO_ASH = {"to": "localhost", "handle": "mallory.test", "reason": "birch closes"}


class Rest:
    """The REST API, by a token of the platform at ash, or of birch's tenant there."""

    def __init__(self, birch: Host | None = None, *scopes: str) -> None:
        tenant = birch.tenant if birch is not None else None
        _, self.token = tokens.create(f"script{len(scopes)}", tenant, scopes or [*Scope])
        self.host = birch.hostname if birch is not None else "localhost"

    def call(self, verb: str, path: str, body: object = None) -> Any:
        return Client().generic(
            verb,
            f"/api/v1/hosts/{path}",
            b"" if body is None else json.dumps(body),
            "application/json",
            headers={"Host": self.host, "Authorization": f"Bearer {self.token}"},
        )


def of(person: Person) -> str:
    return f"birch.localhost/accounts/{person.did}"


def asked(person: Person) -> Job:
    answer = Rest().call("POST", f"{of(person)}/move", TO_ASH)
    assert answer.status_code == 202, answer.content
    assert answer["Location"] == f"/api/v1/jobs/{answer.json()['id']}"
    return Job.objects.get(pk=answer.json()["id"])


def turn(job: Job) -> Job:
    """One attempt at the job, and all that other workers have to do then."""
    Job.objects.update(next_attempt_at=job.created_at)  # the lease of a killed one, too
    running.run(job.pk)
    for move in MoveIn.objects.all():
        BlobFetch.objects.make_due()
        work(Account.objects.get(pk=move.pk))
    job.refresh_from_db()
    return job


def done(job: Job) -> Job:
    for _ in range(12):
        if not turn(job).is_open:
            break
    return job


def test_an_account_is_moved_with_all_that_it_has(ash, traveller):
    before = account_of(traveller)
    root = bytes(Repo.objects.get(pk=before.pk).data)
    job = done(asked(traveller))
    assert (job.state, job.last_error) == (Job.State.DONE, "")
    here = Account.objects.get(host=ash, did=traveller.did)
    assert job.result == {
        "did": here.did, "host": "localhost", "handle": "mallory.test", "missing_files": 0,
    }  # fmt: skip
    assert (here.status, here.password) == ("active", before.password)
    assert bytes(Repo.objects.get(pk=here.pk).data) == root
    before.refresh_from_db()
    assert before.status == "deactivated"
    assert not Session.objects.filter(account=before).exists()
    said = AuditEntry.objects.filter(action="account.move").order_by("pk")
    assert [(each.host.hostname, each.reason) for each in said] == [
        ("birch.localhost", "birch closes: to localhost as mallory.test"),
        ("localhost", "from birch.localhost"),
    ]  # fmt: skip


def test_what_is_written_while_it_is_copied_comes_along(ash, traveller):
    job = turn(asked(traveller))
    assert job.is_open
    traveller.create(THING, {"$type": THING, "n": 99}, validate=False)
    root = bytes(Repo.objects.get(pk=account_of(traveller).pk).data)
    assert done(job).state == Job.State.DONE
    here = Account.objects.get(host=ash, did=traveller.did)
    assert bytes(Repo.objects.get(pk=here.pk).data) == root


def test_a_move_that_is_killed_after_each_of_its_steps_is_finished(ash, traveller, monkeypatch):
    monkeypatch.setattr(running, "queue", SimpleNamespace(wake=lambda _pk: None))
    job = asked(traveller)
    for name in ("open_account", "begin", "publish", "finish"):
        real = getattr(own_hosts, name)

        def killed(*given: Any, real: Any = real) -> None:
            real(*given)
            raise KeyboardInterrupt

        monkeypatch.setattr(own_hosts, name, killed)
        with pytest.raises(KeyboardInterrupt):
            done(job)
        monkeypatch.setattr(own_hosts, name, real)
    assert done(job).state == Job.State.DONE
    assert Account.objects.get(host=ash, did=traveller.did).status == "active"


def test_a_move_that_the_directory_refuses_leaves_all_as_it_was(ash, traveller, monkeypatch):
    def refuse(*_: Any) -> None:
        raise updates.UpdateRefused("The PLC directory refused the change: no")

    monkeypatch.setattr("accounts.identity.plc.owner_operations.submit", refuse)
    job = done(asked(traveller))
    assert (job.state, job.last_error) == (
        Job.State.FAILED, "The PLC directory refused the change: no",
    )  # fmt: skip
    assert account_of(traveller).status == "active"
    assert not Account.objects.filter(host=ash, did=traveller.did).exists()


def test_who_cannot_be_moved_is_refused_at_once(ash, birch, traveller):
    rest, ours = Rest(), Rest(birch)
    stays = rest.call("POST", f"{of(traveller)}/move", {**TO_ASH, "to": "birch.localhost"})
    assert stays.json()["message"] == "The account lives at this host"
    elsewhere = ours.call("POST", f"{of(traveller)}/move", TO_ASH)  # ash is another tenant's
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (400, "to")
    assert rest.call("POST", f"{of(traveller)}/move", TO_ASH).status_code == 202
    again = rest.call("POST", f"{of(traveller)}/move", TO_ASH)
    assert again.json()["error"] == "JobUnderway"


def test_an_archive_is_made_for_who_may_have_it(ash, birch, traveller):
    rest = Rest(birch)
    assert rest.call("GET", f"{of(traveller)}/export/file").status_code == 404
    begun = rest.call("POST", f"{of(traveller)}/export", {"reason": "asked for by letter"})
    assert (begun.status_code, begun.json()["kind"]) == (202, "account.export")
    archive_worker.run(AccountArchive.objects.get().pk)
    job = turn(Job.objects.get())
    assert job.state == Job.State.DONE
    fetched = rest.call("GET", f"{of(traveller)}/export/file")
    body = b"".join(fetched.streaming_content)
    assert (body[:2], len(body)) == (b"PK", job.result["bytes"])
    said = AuditEntry.objects.filter(action="account.export").order_by("pk")
    assert [each.reason for each in said] == ["asked for by letter", "the archive is downloaded"]
    for other in (Rest(), Rest(birch, "accounts:read", "accounts:write")):
        assert other.call("GET", f"{of(traveller)}/export/file").status_code == 403
