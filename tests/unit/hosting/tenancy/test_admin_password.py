"""The host's admin password: right, wrong, remembered, changed, guessed."""

import pytest
from django.contrib.auth.hashers import make_password

from hosting import limits
from hosting.tenancy import admin_password

ADDRESS = "203.0.113.9"


@pytest.fixture
def host(ash):
    admin_password.RIGHT.clear()
    ash.admin_password = make_password("open sesame")
    return ash


@pytest.fixture
def checks(monkeypatch):
    """The passwords that were hashed, which costs 25 ms each."""
    hashed = []
    check = admin_password.check_password

    def counted(password, encoded):
        hashed.append(password)
        return check(password, encoded)

    monkeypatch.setattr(admin_password, "check_password", counted)
    return hashed


def is_right(host, password, user_name="admin"):
    return admin_password.is_right(host, user_name, password, ADDRESS)


def test_the_right_password_is_right(host):
    assert is_right(host, "open sesame")


@pytest.mark.parametrize("password", ["", "open sesam", "Open sesame", "x" * 513])
def test_any_other_is_wrong(host, password):
    assert not is_right(host, password)


@pytest.mark.parametrize("user_name", ["", "root", "Admin", "admin\0"])
def test_nobody_else_is_the_admin(host, user_name):
    assert not is_right(host, "open sesame", user_name)


def test_a_host_without_a_password_has_no_admin(host):
    host.admin_password = ""
    assert not is_right(host, "")


def test_a_right_password_is_hashed_once(host, checks):
    assert [is_right(host, "open sesame") for _ in range(5)] == [True] * 5
    assert checks == ["open sesame"]


def test_a_wrong_one_is_hashed_each_time_whatever_was_right_before(host, checks):
    is_right(host, "open sesame")
    assert not is_right(host, "wrong")
    assert not is_right(host, "wrong")
    assert checks == ["open sesame", "wrong", "wrong"]


def test_a_changed_password_is_not_remembered(host):
    assert is_right(host, "open sesame")
    host.admin_password = make_password("another")
    assert not is_right(host, "open sesame")
    assert is_right(host, "another")


def test_what_is_right_at_one_host_is_nothing_at_another(host, birch):
    assert is_right(host, "open sesame")
    birch.admin_password = make_password("birch's own")
    assert not is_right(birch, "open sesame")


def test_guessing_has_an_end(host, monkeypatch):
    def spent(bucket, where, *who):
        assert (bucket, where, who) == (limits.STAFF_LOGIN, host, ("admin", ADDRESS))
        raise limits.RateLimitExceeded(limits.Budget(1, 60), 0)

    monkeypatch.setattr(limits, "spend", spent)
    with pytest.raises(limits.RateLimitExceeded):
        is_right(host, "a guess")


def test_guesses_at_all_hosts_have_an_end_together(host, monkeypatch):
    spent = []
    monkeypatch.setattr(limits, "spend", lambda bucket, *who: spent.append((bucket, *who)))
    is_right(host, "a guess")
    assert (limits.STAFF_GUESSES, None, ADDRESS) in spent
