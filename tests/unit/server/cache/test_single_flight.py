"""Threads that ask the same thing at once run one answer."""

import threading

import pytest

from server.cache.single_flight import SingleFlight


class Question:
    """Asked by any number of threads; answered when the test says so."""

    def __init__(self):
        self.times_asked = 0
        self.may_answer = threading.Event()

    def ask(self):
        self.times_asked += 1
        self.may_answer.wait(60)
        return "the answer"


def test_many_who_ask_at_once_ask_once():
    single, question, answers = SingleFlight(), Question(), []

    def one():
        answers.append(single.run("key", question.ask))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    question.may_answer.set()
    for thread in threads:
        thread.join()
    assert answers == ["the answer"] * 8
    assert question.times_asked < 8


def test_an_answer_is_not_kept():
    single = SingleFlight()
    assert [single.run("key", iter([n]).__next__) for n in (1, 2)] == [1, 2]


def test_other_questions_fly_beside():
    single = SingleFlight()
    assert single.run("a", lambda: single.run("b", lambda: "inner")) == "inner"


def test_a_failure_is_everybodys():
    single, seen = SingleFlight(), []
    may_fail = threading.Event()

    def fail():
        may_fail.wait(60)
        raise KeyError("gone")

    def one():
        with pytest.raises(KeyError):
            single.run("key", fail)
        seen.append("failed")

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    may_fail.set()
    for thread in threads:
        thread.join()
    assert seen == ["failed"] * 3


def test_after_a_failure_the_question_may_be_asked_again():
    single = SingleFlight()
    with pytest.raises(ZeroDivisionError):
        single.run("key", lambda: 1 // 0)
    assert single.run("key", lambda: 1) == 1
