"""Large imports as rows: who does them, what becomes of them, and what outlives a dead worker."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from hosting.models import Tenant
from protocol import car, cbor, cid, mst
from protocol.errors import XrpcError
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.imports import car_file, jobs
from repos.imports.jobs import ImportTimeout, ImportUnderWay
from repos.models import ImportJob, Record
from repos.reads.repos import RepoRow

THING = "com.example.thing"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.VALKEY_URL = ""
    return tmp_path / "imports"


@pytest.fixture
def asleep(monkeypatch) -> list[int]:
    """No worker does anything; the ids of the jobs it would have been woken for."""
    woken: list[int] = []
    monkeypatch.setattr(jobs.queue, "wake", woken.append)
    return woken


def repo_car(did: str, count: int = 3) -> bytes:
    blocks = {f"{THING}/{n}".encode(): cbor.encode({"n": n}) for n in range(count)}
    root, nodes = mst.build(sorted((key, cid.of_dag_cbor(b)) for key, b in blocks.items()))
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    records = [(cid.of_dag_cbor(block), block) for block in blocks.values()]
    return car.write(signed.cid, [(signed.cid, signed.block), *nodes.items(), *records])


def handed_over(repo: RepoRow, count: int = 3) -> ImportJob:
    with car_file.receive([repo_car(repo.did, count)]) as received:
        return jobs.enqueue(repo, received)


def expire(job: ImportJob) -> None:
    past = timezone.now() - timedelta(seconds=1)
    ImportJob.objects.filter(pk=job.pk).update(next_attempt_at=past)


def test_a_job_makes_the_repo_and_leaves_no_file(repo: RepoRow, folder: Path) -> None:
    job = handed_over(repo)
    jobs.await_outcome(job)
    assert Record.objects.filter(repo_id=repo.id).count() == 3
    assert (job.state, list(folder.iterdir())) == ("done", [])


def test_a_job_is_done_once(repo: RepoRow, asleep) -> None:
    job = handed_over(repo)
    for _ in range(2):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 1)


def test_a_job_waits_while_the_tenant_is_suspended(repo: RepoRow, asleep) -> None:
    job = handed_over(repo)
    Tenant.objects.update(suspended_at=timezone.now())
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("waiting", 0)
    Tenant.objects.update(suspended_at=None)
    expire(job)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "done"


def test_a_job_that_somebody_is_at_is_left_to_them(repo: RepoRow, asleep) -> None:
    job = handed_over(repo)
    ImportJob.objects.update(state="running", next_attempt_at=timezone.now() + jobs.LEASE)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 0)


def test_the_sweep_takes_up_what_a_dead_worker_left(repo: RepoRow, asleep) -> None:
    job = handed_over(repo)
    asleep.clear()
    ImportJob.objects.update(state="running")
    expire(job)
    jobs.sweep()
    assert asleep == [job.pk]


def test_a_job_that_keeps_failing_is_given_up(repo: RepoRow, asleep) -> None:
    job = handed_over(repo)
    ImportJob.objects.update(attempts=jobs.MAX_ATTEMPTS)
    expire(job)
    jobs.sweep()
    with pytest.raises(XrpcError, match="failed repeatedly") as raised:
        jobs.await_outcome(job)
    assert raised.value.status == 500


def test_the_same_car_again_joins_the_open_job(repo: RepoRow, asleep, folder: Path) -> None:
    with car_file.receive([repo_car(repo.did)]) as received:
        data = received.path.read_bytes()
        job = jobs.enqueue(repo, received)
    with car_file.receive([data]) as again:
        assert jobs.enqueue(repo, again).pk == job.pk
    assert [path.name for path in folder.iterdir()] == [job.file]


def test_another_car_has_to_wait(repo: RepoRow, asleep) -> None:
    handed_over(repo)
    with pytest.raises(ImportUnderWay):
        handed_over(repo, 4)


def test_a_job_whose_file_is_gone_is_refused(repo: RepoRow, asleep, folder: Path) -> None:
    job = handed_over(repo)
    (folder / job.file).unlink()
    jobs.run(job.pk)
    with pytest.raises(XrpcError, match="was lost"):
        jobs.await_outcome(job)


def test_whoever_waits_too_long_is_told_so(repo: RepoRow, asleep, settings) -> None:
    settings.IMPORT_AWAIT_S = 0.05
    with pytest.raises(ImportTimeout):
        jobs.await_outcome(handed_over(repo))


def test_waiting_never_takes_all_threads(repo: RepoRow, asleep, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "WAITING", threading.BoundedSemaphore(1))
    job = handed_over(repo)
    with jobs.WAITING, pytest.raises(ImportTimeout, match="repeat the call later"):
        jobs.await_outcome(job)
    jobs.run(job.pk)
    jobs.await_outcome(job)


def test_only_old_files_without_a_job_are_swept(repo: RepoRow, asleep, folder: Path) -> None:
    job = handed_over(repo)
    for name in ("young.car", "old.car", job.file):
        (folder / name).touch()
    for name in ("old.car", job.file):
        os.utime(folder / name, (0, 0))
    jobs.sweep()
    assert {path.name for path in folder.iterdir()} == {"young.car", job.file}
