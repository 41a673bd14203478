"""Clock ids in processes that were forked."""

import os
import secrets

from repos.state.clock_ids import own_clock


def id_in_a_fork(clock) -> int:
    """The clock's id as a fork sees it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, clock.clock_id.to_bytes(2, "big"))
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        return int.from_bytes(said.read(), "big")


def test_a_fork_draws_a_clock_id_of_its_own(monkeypatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda _most: 7)
    clock = own_clock()
    monkeypatch.setattr(secrets, "randbelow", lambda _most: 9)
    assert (clock.clock_id, id_in_a_fork(clock), clock.clock_id) == (7, 9, 7)
