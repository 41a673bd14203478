"""The captcha: our own puzzle, and an outside service's verdict."""

import hashlib
import itertools
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from accounts.models import SpentChallenge
from accounts.signup import captcha
from accounts.signup.captcha import CaptchaRefused
from server.encryption import keyring
from server.net import http_client


@pytest.fixture(autouse=True)
def _easy(monkeypatch):
    monkeypatch.setattr(captcha, "ZERO_BITS", 6)


def solved(challenge: str) -> str:
    answers = (f"{challenge}:{number}" for number in itertools.count())
    return next(answer for answer in answers if captcha.zero_bits(answer) >= captcha.ZERO_BITS)


def test_zero_bits_are_counted_from_the_front():
    digest = hashlib.sha256(b"a").digest()
    assert digest[0] == 0b11001010
    assert captcha.zero_bits("a") == 0
    assert captcha.zero_bits(solved("x")) >= 6


def test_a_solved_puzzle_lets_in(ash):
    captcha.check(ash, solved(captcha.challenge(ash)))


def test_a_puzzle_is_good_once_whatever_the_number(ash):
    challenge = captcha.challenge(ash)
    captcha.check(ash, solved(challenge))
    numbers = (f"{challenge}:{number}" for number in itertools.count(1000))
    another = next(answer for answer in numbers if captcha.zero_bits(answer) >= 6)
    for answer in (solved(challenge), another):
        with pytest.raises(CaptchaRefused):
            captcha.check(ash, answer)


@pytest.mark.parametrize("answer", [None, "", "x", "x:1", ":1", "x" * 9000, "a:b:c", "\ud800:1"])
def test_what_is_no_answer_is_refused(ash, answer):
    with pytest.raises(CaptchaRefused):
        captcha.check(ash, answer)


def test_a_number_that_is_none_is_refused(ash):
    challenge = captcha.challenge(ash)
    texts = (f"{challenge}:x{number}" for number in itertools.count())
    lucky = next(text for text in texts if captcha.zero_bits(text) >= 6)
    with pytest.raises(CaptchaRefused):
        captcha.check(ash, lucky)


def test_a_challenge_of_ones_own_making_is_refused(ash):
    with pytest.raises(CaptchaRefused):
        captcha.check(ash, solved("eyJob3N0IjoxfQ.1abc.made-up"))


def test_a_challenge_of_another_host_is_refused(ash, birch):
    with pytest.raises(CaptchaRefused):
        captcha.check(birch, solved(captcha.challenge(ash)))


def test_an_old_challenge_is_refused(ash, monkeypatch):
    answer = solved(captcha.challenge(ash))
    monkeypatch.setattr(captcha, "LIVES", timedelta(seconds=-1))
    with pytest.raises(CaptchaRefused):
        captcha.check(ash, answer)


def test_spent_answers_are_forgotten_when_they_would_have_expired(ash):
    captcha.check(ash, solved(captcha.challenge(ash)))
    captcha.forget_spent()
    assert SpentChallenge.objects.count() == 1
    SpentChallenge.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    captcha.forget_spent()
    assert SpentChallenge.objects.count() == 0


@pytest.fixture
def service(ash, monkeypatch):
    """A host that asks an outside service; what was sent there, and what it says."""
    ash.captcha_verify_url = "https://api.hcaptcha.com/siteverify"
    ash.captcha_secret = keyring.wrap(b"0xSECRET")

    class Service:
        says: bytes | Exception = orjson.dumps({"success": True})
        asked: list[tuple[str, bytes]] = []

    def request(_method, url, *, body, **_limits):
        Service.asked.append((url, body))
        if isinstance(Service.says, Exception):
            raise Service.says
        return http_client.Answer(200, {}, Service.says)

    Service.asked = []
    monkeypatch.setattr(http_client, "request", request)
    return Service


def test_the_service_is_asked_with_secret_answer_and_address(ash, service):
    captcha.check(ash, "token", "203.0.113.9")
    assert service.asked == [
        (ash.captcha_verify_url, b"secret=0xSECRET&response=token&remoteip=203.0.113.9")
    ]


@pytest.mark.parametrize(
    "says",
    [
        b'{"success": false}',
        b'{"success": "true"}',
        b"[]",
        b"<html>",
        http_client.TimedOut("late"),
        http_client.Unreachable("gone"),
    ],
)
def test_any_answer_but_success_is_a_no(ash, service, says):
    service.says = says
    with pytest.raises(CaptchaRefused):
        captcha.check(ash, "token")


def test_a_services_token_is_good_once_too(ash, service):
    captcha.check(ash, "token")
    with pytest.raises(CaptchaRefused):
        captcha.check(ash, "token")
