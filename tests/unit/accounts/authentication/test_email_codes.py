"""One-time codes: one a purpose, for fifteen minutes, hashed, burned on use and by guessing."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.authentication import email_codes
from accounts.authentication.email_codes import ExpiredToken, InvalidToken, Purpose
from accounts.models import EmailToken
from hosting.mail.models import OutgoingMail
from tests.factories import account_row

PURPOSE = Purpose.RESET_PASSWORD


def age(by: timedelta) -> None:
    EmailToken.objects.update(issued_at=timezone.now() - by)


def test_a_code_is_two_groups_of_five_of_base32(alice):
    assert re.fullmatch("[A-Z2-7]{5}-[A-Z2-7]{5}", email_codes.issue(alice, PURPOSE))


def test_a_code_works_once(alice):
    code = email_codes.issue(alice, PURPOSE)
    email_codes.burn(alice, PURPOSE, code)
    with pytest.raises(InvalidToken):
        email_codes.burn(alice, PURPOSE, code)


@pytest.mark.parametrize(
    "typed", [str.lower, lambda code: f" {code} ", lambda c: c.replace("-", "")]
)
def test_letter_case_spaces_and_the_dash_do_not_matter(alice, typed):
    code = email_codes.issue(alice, PURPOSE)
    email_codes.burn(alice, PURPOSE, typed(code))


def test_asking_again_mails_the_same_code_and_it_lives_on(alice):
    first = email_codes.issue(alice, PURPOSE)
    almost = timezone.now() - email_codes.LIVES + timedelta(minutes=1)
    EmailToken.objects.update(issued_at=almost)
    assert email_codes.issue(alice, PURPOSE) == first
    assert EmailToken.objects.get().issued_at > almost
    email_codes.burn(alice, PURPOSE, first)
    assert email_codes.issue(alice, PURPOSE) != first


def test_a_code_that_was_guessed_at_too_often_is_not_mailed_again(alice):
    first = email_codes.issue(alice, PURPOSE)
    EmailToken.objects.update(wrong_tries=email_codes.WRONG_TRIES_MAX)
    second = email_codes.issue(alice, PURPOSE)
    assert second != first
    email_codes.check(alice, PURPOSE, second)


def test_purposes_have_codes_of_their_own(alice):
    codes = {purpose: email_codes.issue(alice, purpose) for purpose in Purpose}
    for purpose, code in codes.items():
        for other in set(Purpose) - {purpose}:
            with pytest.raises(InvalidToken):
                email_codes.check(alice, other, code)
        email_codes.check(alice, purpose, code)


def test_a_code_is_of_one_account(alice, ash):
    bob = account_row(ash, "bob")
    code = email_codes.issue(alice, PURPOSE)
    email_codes.issue(bob, PURPOSE)
    with pytest.raises(InvalidToken):
        email_codes.check(bob, PURPOSE, code)


def test_a_code_lives_fifteen_minutes(alice):
    code = email_codes.issue(alice, PURPOSE)
    age(timedelta(minutes=14, seconds=58))
    email_codes.check(alice, PURPOSE, code)
    age(timedelta(minutes=15))
    for verb in (email_codes.check, email_codes.burn):
        with pytest.raises(ExpiredToken):
            verb(alice, PURPOSE, code)
    with pytest.raises(ExpiredToken):
        email_codes.owner_of(alice.host, PURPOSE, code)


def test_a_new_code_lives_anew(alice):
    email_codes.issue(alice, PURPOSE)
    age(timedelta(minutes=20))
    email_codes.burn(alice, PURPOSE, email_codes.issue(alice, PURPOSE))


def test_guessing_burns_it(alice):
    code = email_codes.issue(alice, PURPOSE)
    for _ in range(email_codes.WRONG_TRIES_MAX):
        with pytest.raises(InvalidToken):
            email_codes.check(alice, PURPOSE, "AAAAA-BBBBB")
    with pytest.raises(InvalidToken):
        email_codes.check(alice, PURPOSE, code)
    with pytest.raises(InvalidToken):
        email_codes.owner_of(alice.host, PURPOSE, code)


def test_a_few_slips_do_not(alice):
    code = email_codes.issue(alice, PURPOSE)
    for _ in range(email_codes.WRONG_TRIES_MAX - 1):
        with pytest.raises(InvalidToken):
            email_codes.check(alice, PURPOSE, "AAAAA-BBBBB")
    email_codes.burn(alice, PURPOSE, code)


def test_a_new_code_forgets_the_guesses_at_the_old_one(alice):
    email_codes.issue(alice, PURPOSE)
    EmailToken.objects.update(wrong_tries=email_codes.WRONG_TRIES_MAX)
    email_codes.burn(alice, PURPOSE, email_codes.issue(alice, PURPOSE))


def test_the_table_knows_no_code(alice):
    code = email_codes.issue(alice, PURPOSE)
    row = EmailToken.objects.values().get()
    assert code not in str(row)
    assert re.fullmatch("[0-9a-f]{64}", row["code_hash"])


def test_the_code_alone_tells_whose_it_is_at_its_host(alice, ash, birch):
    code = email_codes.issue(alice, PURPOSE)
    assert email_codes.owner_of(ash, PURPOSE, code) == alice
    with pytest.raises(InvalidToken):
        email_codes.owner_of(birch, PURPOSE, code)
    with pytest.raises(InvalidToken):
        email_codes.owner_of(ash, Purpose.DELETE_ACCOUNT, code)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_refused_and_not_choked_on(typed):
    first = email_codes.hash_of(1, PURPOSE, typed)
    assert first == email_codes.hash_of(1, PURPOSE, typed)
    assert first != email_codes.hash_of(2, PURPOSE, typed)


@pytest.mark.parametrize("typed", ["", "\0", "é" * 1000, "\ud800", "İ"])
def test_odd_codes_are_wrong_codes(alice, typed):
    email_codes.issue(alice, PURPOSE)
    with pytest.raises(InvalidToken):
        email_codes.check(alice, PURPOSE, typed)


def test_a_code_is_mailed_with_its_row_or_not_at_all(alice, settings):
    settings.SMTP_URL = ""
    email = email_codes.mail(alice, PURPOSE)
    code = re.search("[A-Z2-7]{5}-[A-Z2-7]{5}", email.text).group()
    email_codes.burn(alice, PURPOSE, code)
    assert email.recipient == alice.email


def test_an_email_that_cannot_be_written_leaves_no_code(alice, monkeypatch):
    monkeypatch.setitem(email_codes.EMAILS, PURPOSE, None)
    with pytest.raises(AttributeError), transaction.atomic():
        email_codes.mail(alice, PURPOSE)
    assert not EmailToken.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_the_sweep_forgets_codes_of_yesterday(alice):
    email_codes.issue(alice, PURPOSE)
    email_codes.forget_old()
    assert EmailToken.objects.exists()
    age(timedelta(days=2))
    email_codes.forget_old()
    assert not EmailToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_code_at_once_one_may_go_on(ash):
    alice = account_row(ash)
    code = email_codes.issue(alice, PURPOSE)
    won = []

    def use() -> None:
        try:
            email_codes.burn(alice, PURPOSE, code)
            won.append(1)
        except InvalidToken:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [1]
