import threading

import pytest
from django.db import connection

from repos.commits.repo_lock import hold
from tests.concurrency.test_writers import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_at_a_time_has_the_turn_at_a_repo() -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work(_: int) -> None:
        nonlocal inside, most
        for _ in range(10):
            with hold(7):
                with guard:
                    inside += 1
                    most = max(most, inside)
                threading.Event().wait(0.001)
                with guard:
                    inside -= 1

    assert in_threads(4, work) == []
    assert most == 1


def test_repos_do_not_wait_for_each_other() -> None:
    entered = threading.Event()

    def other() -> None:
        with hold(8):
            entered.set()
        connection.close()

    with hold(7):
        threading.Thread(target=other).start()
        assert entered.wait(60)


def test_a_turn_is_given_up_when_its_work_fails() -> None:
    with pytest.raises(ZeroDivisionError), hold(7):
        raise ZeroDivisionError

    def work(_: int) -> None:
        with hold(7):
            pass

    assert in_threads(1, work) == []
