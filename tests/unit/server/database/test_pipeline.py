"""Reads of the event loop over one connection, with Postgres' faults."""

import asyncio
import threading

import psycopg
import pytest

from server.database import pipeline as pipelines
from server.database.connection import conninfo
from server.database.pipeline import Pipeline, PipelineUnavailable
from server.database.prepared import BIGINT, TEXT, Statement, bigint, number

pytestmark = pytest.mark.django_db(transaction=True)

DOUBLE = Statement("SELECT $1 * 2", (BIGINT,))
DIVIDE = Statement("SELECT 100 / $1", (BIGINT,))
ECHO = Statement("SELECT $1, NULL::text", (TEXT,))
SLEEP = Statement("SELECT pg_sleep($1)::text", (BIGINT,))


async def doubled(pipeline: Pipeline, value: int) -> int:
    return number((await pipeline.rows(DOUBLE, (bigint(value),)))[0][0])


async def patiently(pipeline: Pipeline, value: int) -> int:
    """As `doubled`, again while the connection is being made anew."""
    for _ in range(600):
        try:
            return await doubled(pipeline, value)
        except PipelineUnavailable:
            await asyncio.sleep(0.05)
    raise AssertionError("never answered again")


def cut() -> None:
    with psycopg.connect(conninfo(), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'grove reads'"
        )


def run(story, conninfo=conninfo, silence_s: float = 60.0) -> object:
    """A story told with a pipeline, which is closed after it."""

    async def told() -> object:
        pipeline = Pipeline(conninfo, pause_s=0.0, silence_s=silence_s)
        try:
            return await story(pipeline)
        finally:
            pipeline.close()

    return asyncio.run(told())


def test_each_gets_its_own_answer() -> None:
    async def story(pipeline: Pipeline) -> object:
        echo = pipeline.rows(ECHO, (b"text",))
        return await asyncio.gather(echo, *(doubled(pipeline, value) for value in range(300)))

    echo, *rest = run(story)
    assert echo == [(b"text", None)]
    assert rest == [2 * value for value in range(300)]


def test_a_fault_is_its_own_moments_and_no_others() -> None:
    async def story(pipeline: Pipeline) -> object:
        with pytest.raises(PipelineUnavailable):
            await pipeline.rows(DIVIDE, (bigint(0),))
        return await patiently(pipeline, 4)

    assert run(story) == 8


def test_a_connection_that_was_cut_is_made_anew() -> None:
    async def story(pipeline: Pipeline) -> object:
        before = await doubled(pipeline, 1)
        await asyncio.to_thread(cut)
        return before, await patiently(pipeline, 2)

    assert run(story) == (2, 4)


def test_who_is_cut_off_while_waiting_is_told() -> None:
    async def story(pipeline: Pipeline) -> object:
        await doubled(pipeline, 1)
        waiting = asyncio.ensure_future(pipeline.rows(SLEEP, (bigint(30),)))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(cut)
        with pytest.raises(PipelineUnavailable):
            await waiting
        return await patiently(pipeline, 3)

    assert run(story) == 6


def test_a_silent_postgres_is_given_up_in_time() -> None:
    async def story(pipeline: Pipeline) -> object:
        asked = [pipeline.rows(SLEEP, (bigint(300),)), doubled(pipeline, 1)]
        return await asyncio.gather(*asked, return_exceptions=True)

    assert {type(refused) for refused in run(story, silence_s=0.2)} == {PipelineUnavailable}
    cut()  # Postgres itself sleeps on


@pytest.mark.long
def test_an_idle_connection_is_not_taken_for_a_silent_one() -> None:
    async def story(pipeline: Pipeline) -> object:
        await doubled(pipeline, 1)
        await asyncio.sleep(2.5)
        return await pipeline.rows(SLEEP, (bigint(1),))

    assert run(story, silence_s=3.0) == [(b"",)]


def test_who_waits_for_the_connection_is_counted(monkeypatch) -> None:
    monkeypatch.setattr(pipelines, "WAITING_MAX", 10)
    is_counted = threading.Event()

    def slowly() -> str:
        is_counted.wait(60)
        return conninfo()

    async def story(pipeline: Pipeline) -> object:
        asked = [asyncio.ensure_future(doubled(pipeline, value)) for value in range(30)]
        await asyncio.wait(asked[10:])
        is_counted.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run(story, conninfo=slowly)
    assert answers[:10] == [2 * value for value in range(10)]
    assert {type(refused) for refused in answers[10:]} == {PipelineUnavailable}


def test_no_database_is_said_and_not_asked_again_at_once() -> None:
    asked = []

    def nowhere() -> str:
        asked.append(True)
        return "host=/nowhere dbname=none"

    async def told() -> None:
        pipeline = Pipeline(nowhere, pause_s=60.0)
        for _ in range(3):
            with pytest.raises(PipelineUnavailable):
                await doubled(pipeline, 1)

    asyncio.run(told())
    assert asked == [True]


def test_more_than_can_wait_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(pipelines, "WAITING_MAX", 10)

    async def story(pipeline: Pipeline) -> object:
        await doubled(pipeline, 1)
        asked = [doubled(pipeline, value) for value in range(30)]
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run(story)
    assert answers[:10] == [2 * value for value in range(10)]
    assert {type(refused) for refused in answers[10:]} == {PipelineUnavailable}


def test_who_leaves_takes_nobodys_answer_along() -> None:
    async def story(pipeline: Pipeline) -> object:
        await doubled(pipeline, 1)
        left = asyncio.ensure_future(doubled(pipeline, 2))
        stays = asyncio.ensure_future(doubled(pipeline, 3))
        await asyncio.sleep(0)
        left.cancel()
        return await stays

    assert run(story) == 6
