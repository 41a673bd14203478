"""The verifiers of a crawler: processes that take batches of events, started when first needed."""

import asyncio
import marshal
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from relay.verification import process
from relay.verification.checks import Checked, Rejected
from relay.verification.process import LENGTH, Question
from server import environment

BATCH: Final = 64  # events at once
BATCH_BYTES: Final = 500_000
STOP_S: Final = 5.0
_PROCESSES: Final = min(os.cpu_count() or 1, 8)


class VerifierPool:
    """Belongs to one event loop. Close it."""

    def __init__(self, size: int = _PROCESSES) -> None:
        self._free: asyncio.Queue[_Verifier] = asyncio.Queue()
        self._all = [_Verifier() for _ in range(size)]
        for each in self._all:
            self._free.put_nowait(each)

    async def check(self, questions: Sequence[Question]) -> list[Checked | Rejected]:
        """What each event says, or why it is refused; in their order. Raises OSError, EOFError
        where verifiers die again and again."""
        pieces = _pieces(questions, -(-len(questions) // len(self._all)))
        found = await asyncio.gather(*map(self._asked, pieces))
        return [process.read_answer(each) for answers in found for each in answers]

    async def close(self) -> None:
        """End the processes."""
        for each in self._all:
            await each.stop()

    async def _asked(self, questions: Sequence[Question]) -> list[process.Answer]:
        """Answers of one verifier; of another where it dies, once. Raises OSError, EOFError."""
        verifier = await self._free.get()
        try:
            try:
                return await verifier.ask(questions)
            except (OSError, EOFError):
                return await verifier.ask(questions)
        finally:
            self._free.put_nowait(verifier)


def _pieces(questions: Sequence[Question], share: int) -> list[list[Question]]:
    """The questions in pieces of a verifier's share, BATCH and BATCH_BYTES at the most: others want
    to be checked in between."""
    pieces: list[list[Question]] = [[]]
    size = 0
    for question in questions:
        if len(pieces[-1]) >= min(share, BATCH) or size >= BATCH_BYTES:
            pieces.append([])
            size = 0
        pieces[-1].append(question)
        size += len(question[1])
    return pieces


class _Verifier:
    """One process, started again when it has died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, questions: Sequence[Question]) -> list[process.Answer]:
        """Raises OSError, asyncio.IncompleteReadError when the process dies."""
        running = await self._running()
        assert running.stdin is not None  # noqa: S101 - it was started with pipes
        assert running.stdout is not None  # noqa: S101 - likewise
        try:
            running.stdin.write(process.packed(list(questions)))
            await running.stdin.drain()
            (length,) = LENGTH.unpack(await running.stdout.readexactly(LENGTH.size))
            answers: list[Any] = marshal.loads(await running.stdout.readexactly(length))  # noqa: S302 - our own
        except BaseException:  # half an exchange: nothing that follows would be understood
            await self.stop()
            raise
        return answers

    async def stop(self) -> None:
        """End it now."""
        running, self._process = self._process, None
        if running is not None and running.returncode is None:
            running.kill()
            # It would wait for the pipe's end, which nobody reads any more.
            with suppress(TimeoutError):
                await asyncio.wait_for(running.communicate(), STOP_S)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "relay.verification.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment.for_children({}, without=environment.SECRETS),
                cwd=environment.ROOT,
            )
        return self._process
