"""The verifiers of a crawler, which may be killed."""

import asyncio

import psutil

from protocol.event_stream.frames import EventKind
from relay.verification.checks import Checked
from relay.verification.pool import VerifierPool
from tests.relay_authors import Author, frame


def test_what_a_killed_verifier_did_not_answer_another_does() -> None:
    author = Author("did:plc:" + "a" * 24)
    sent = frame(EventKind.IDENTITY, author.identity(), 1)
    question = (int(EventKind.IDENTITY), sent[sent.index(b"\xa3") :], "", True)

    async def run() -> list[object]:
        pool = VerifierPool(1)
        try:
            found: list[object] = [*await pool.check([question])]
            for each in psutil.Process().children():
                if "relay.verification.process" in each.cmdline():
                    each.kill()
            return [*found, *await pool.check([question])]
        finally:
            await pool.close()

    assert [isinstance(each, Checked) for each in asyncio.run(run())] == [True, True]
