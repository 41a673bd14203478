"""Long work: begun once, gone on with after a crash, stopped, and looked at by whose it is."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from protocol.errors import InvalidRequest
from provider.jobs import kinds, running
from provider.jobs.kinds import Kind
from provider.jobs.work import Stopped, Work
from provider.models import Job

pytestmark = pytest.mark.django_db
State = Job.State


@pytest.fixture(autouse=True)
def kind_of(monkeypatch, settings):
    """Has a function be the kind `test.count`."""
    settings.VALKEY_URL = "redis://none"  # a broker that does not answer: the sweep does the work
    monkeypatch.setattr("server.jobs.worker_tasks.send", lambda *_args, **_more: False)

    def make(run: Any, *, is_alone: bool = True) -> None:
        monkeypatch.setitem(kinds.KINDS, "test.count", Kind("test.count", run, is_alone))

    make(lambda work: work.given)
    return make


def done(job: Job) -> Job:
    """After one attempt."""
    Job.objects.make_due()
    running.run(job.pk)
    return Job.objects.get(pk=job.pk)


def test_work_is_done_and_its_result_is_there(ash):
    job = done(running.begin("test.count", ash.tenant, "operator", {"to": 3}))
    assert (job.state, job.result, job.by) == (State.DONE, {"to": 3}, "operator")


def test_work_goes_on_from_its_place(ash, kind_of):
    def count(work: Work) -> int:
        at = work.place.get("at", 0) + 1
        work.advance(at, total=3, step=f"number {at}", at=at)
        if at < 3:
            work.pause(60)
        return at

    kind_of(count)
    job = running.begin("test.count", ash.tenant, "operator")
    first = done(job)
    assert first.progress() == {"done": 1, "total": 3, "step": "number 1"}
    assert (first.state, first.attempts) == (State.WAITING, 0)
    assert first.next_attempt_at > timezone.now()
    done(job)
    assert done(job).result == 3


def test_a_refusal_fails_the_job_and_a_fault_is_tried_again(ash, kind_of):
    def refuse(_work: Work) -> None:
        raise InvalidRequest("The archive cannot be read.")

    def break_off(_work: Work) -> None:
        raise OSError("secret words")

    kind_of(break_off)
    job = running.begin("test.count", ash.tenant, "operator")
    broken = done(job)
    assert broken.state == State.WAITING
    assert "secret" not in broken.last_error
    kind_of(refuse)
    refused = done(job)
    assert (refused.state, refused.last_error) == (State.FAILED, "The archive cannot be read.")


def test_what_never_gets_further_is_given_up_and_told(ash, monkeypatch):
    told = []
    monkeypatch.setattr(running.events, "tell", lambda *said: told.append(said))
    job = running.begin("test.count", ash.tenant, "operator")
    Job.objects.filter(pk=job.pk).update(attempts=running.ATTEMPTS_MAX, last_error="It broke off.")
    running.sweep()
    running.sweep()
    assert Job.objects.get(pk=job.pk).state == State.FAILED
    said = {"job": job.pk, "kind": "test.count", "error": "It broke off."}
    assert told == [(ash, "job.failed", said)]


def test_a_stopped_job_says_so_to_its_work(ash, kind_of):
    said = []

    def count(work: Work) -> None:
        running.stop(work.job)
        try:
            work.advance(1)
        except Stopped:
            said.append("stopped")
            raise

    kind_of(count)
    job = done(running.begin("test.count", ash.tenant, "operator"))
    assert (job.state, said) == (State.STOPPED, ["stopped"])


def test_one_at_a_time_of_a_tenant_and_few_of_all_kinds(ash, birch, kind_of, monkeypatch):
    running.begin("test.count", ash.tenant, "operator")
    running.begin("test.count", birch.tenant, "operator")
    with pytest.raises(running.Underway):
        running.begin("test.count", ash.tenant, "operator")
    kind_of(print, is_alone=False)
    monkeypatch.setattr(running, "OPEN_MAX", 2)
    running.begin("test.count", ash.tenant, "operator")
    with pytest.raises(running.TooManyJobs):
        running.begin("test.count", ash.tenant, "operator")


def test_a_command_shows_and_stops_it(ash):
    job = running.begin("test.count", ash.tenant, "operator")
    for verb, state in (("show", "waiting"), ("stop", "stopped"), ("follow", "stopped")):
        out = StringIO()
        call_command("job", verb, str(job.pk), "--json", stdout=out)
        assert json.loads(out.getvalue())["state"] == state
    with pytest.raises(CommandError, match="no job 0"):
        call_command("job", "show", "0")
