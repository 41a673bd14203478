"""Jobs of one batch meet, are served together, and each gets its own outcome once."""

from collections.abc import Callable, Hashable, Sequence

import pytest

from server.web.threads.batching import Batch, Job, Outcome, TakeMore, join_batch


class Party:
    """Runs a batch and writes down what was served and handed out, in order."""

    def __init__(self, *late_jobs: Job) -> None:
        self.served: list[list[object]] = []
        self.rounds: list[list[object]] = []
        self.late_jobs = list(late_jobs)

    def run(self, *jobs: Job) -> None:
        Batch(self._come, self._deliver).run(jobs)

    def serve(self, items: Sequence[object], _late: TakeMore[object]) -> list[object]:
        self.served.append(list(items))
        return self.served[-1]

    def serve_late(self, items: Sequence[object], late: TakeMore[object]) -> list[object]:
        return self.serve([*items, *late()], list)

    def meeting(self, item: object, key: Hashable = None) -> Callable[[], object]:
        return lambda: join_batch(self.serve, item, key)

    def _come(self) -> Sequence[Job]:
        came, self.late_jobs = self.late_jobs, []
        return came

    def _deliver(self, outcomes: Sequence[Outcome]) -> None:
        self.rounds.append([failure or result for _, result, failure in outcomes])


def test_those_who_meet_are_served_in_one_go() -> None:
    party = Party()
    party.run((party.meeting(1), "a"), (party.meeting(2), "b"), (party.meeting(3), "c"))
    assert party.served == [[1, 2, 3]]
    assert party.rounds == [[1, 2, 3]]


def test_each_key_is_a_meeting_of_its_own() -> None:
    party = Party()
    party.run(*[(party.meeting(number, key=number % 2), None) for number in range(4)])
    assert party.served == [[0, 2], [1, 3]]


def test_who_has_ended_need_not_wait_for_the_others() -> None:
    party = Party()
    party.run((lambda: "at once", "a"), (party.meeting("later"), "b"))
    assert party.rounds == [["at once"], ["later"]]


def test_who_meets_again_and_again_is_handed_out_once_and_last() -> None:
    party = Party()

    def twice() -> str:
        join_batch(party.serve, 1)
        join_batch(party.serve, 2)
        return "twice"

    party.run((twice, "a"), (party.meeting(1), "b"))
    assert party.served == [[1, 1], [2]]
    assert party.rounds == [[1], ["twice"]]


def test_those_who_come_late_are_served_along_if_they_come_to_the_same_point() -> None:
    party = Party()
    late = [(lambda: join_batch(party.serve_late, 2), "late"), (party.meeting(3), "elsewhere")]
    party.late_jobs = late  # type: ignore[assignment]
    party.run((lambda: join_batch(party.serve_late, 1), "early"))
    assert party.served == [[1, 2], [3]]
    assert party.rounds == [[1, 2], [3]]


def test_what_a_job_raises_is_its_own_outcome() -> None:
    party = Party()
    party.run((lambda: 1 // 0, "a"), (party.meeting(2), "b"))
    assert [type(each) for each in party.rounds[0]] == [ZeroDivisionError]
    assert party.rounds[1] == [2]


def test_what_serving_raises_is_raised_to_everybody_it_served() -> None:
    def fail(_items: Sequence[int], _late: TakeMore[int]) -> list[int]:
        raise ConnectionError

    party = Party()
    party.run((lambda: join_batch(fail, 1), "a"), (lambda: join_batch(fail, 2), "b"))
    assert [type(each) for each in party.rounds[0]] == [ConnectionError, ConnectionError]


def test_who_has_no_outcome_is_not_forgotten() -> None:
    def half(items: Sequence[int], _late: TakeMore[int]) -> Sequence[int]:
        return items[:1]

    party = Party()
    party.run((lambda: join_batch(half, 1), "a"), (lambda: join_batch(half, 2), "b"))
    assert [type(each) for each in party.rounds[0]] == [ValueError, ValueError]


def test_a_job_may_survive_what_serving_raises() -> None:
    def fail(_items: Sequence[int], _late: TakeMore[int]) -> list[int]:
        raise ConnectionError

    def survive() -> str:
        with pytest.raises(ConnectionError):
            join_batch(fail, 1)
        return "alive"

    party = Party()
    party.run((survive, "a"))
    assert party.rounds == [["alive"]]


def test_outside_of_a_gathering_everybody_is_served_alone() -> None:
    party = Party()
    assert party.meeting(1)() == 1
    assert party.served == [[1]]


def test_who_serves_may_meet_alone() -> None:
    party = Party()

    def serve(items: Sequence[int], _late: TakeMore[int]) -> list[object]:
        return [join_batch(party.serve, item) for item in items]

    party.run((lambda: join_batch(serve, 1), "a"), (lambda: join_batch(serve, 2), "b"))
    assert party.served == [[1], [2]]
