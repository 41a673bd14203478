"""An e-mail leaves once, whatever becomes of the mail server and of us."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from hosting.mail import delivery, emails, outbox, smtp
from hosting.mail.models import OutgoingMail
from tests.unit.hosting.mail.emails import CODE, make_due, make_old, post, stored

State = OutgoingMail.State


def test_an_email_arrives_and_leaves_no_words_behind(ash, post_office):
    post_office.open()
    mail = post(ash)
    delivery.deliver(mail.pk)
    (email,) = post_office.emails
    assert email["Message-ID"] == f"<{mail.message_id}>"
    assert CODE in email.get_body(("plain",)).get_content()
    sent = stored(mail)
    assert (sent.state, sent.text, sent.html, sent.attempts) == (State.SENT, "", "", 1)


def test_an_email_that_was_sent_is_not_sent_again(ash, post_office):
    post_office.open()
    mail = post(ash)
    for _ in range(3):
        delivery.deliver(mail.pk)
        make_due(mail)
    delivery.wake_due()
    assert len(post_office.emails) == 1


def test_a_server_that_is_down_and_back_gets_the_email_once(ash, post_office):
    mail = post(ash)
    delivery.deliver(mail.pk)
    waiting = stored(mail)
    assert (waiting.state, waiting.attempts) == (State.WAITING, 1)
    assert "ConnectionRefusedError" in waiting.last_error
    post_office.open()
    delivery.wake_due()
    assert post_office.emails == []  # its pause is not over
    make_due(mail)
    delivery.wake_due()
    delivery.wake_due()
    assert len(post_office.emails) == 1
    assert stored(mail).state == State.SENT


@pytest.mark.long
def test_a_slow_server_gets_it_once(ash, post_office):
    post_office.open("slow")
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert (len(post_office.emails), stored(mail).state) == (1, State.SENT)


def test_a_server_that_is_too_slow_is_tried_again(ash, post_office, monkeypatch):
    monkeypatch.setattr(smtp, "STEP_TIMEOUT_S", 0.2)
    post_office.open("slow")
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert stored(mail).state == State.WAITING
    assert "timed out" in stored(mail).last_error


def test_a_repeat_after_a_lost_yes_is_known_by_its_message_id(ash, post_office):
    post_office.open("drops")
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert stored(mail).state == State.WAITING
    post_office.close()
    post_office.open()
    make_due(mail)
    delivery.wake_due()
    first, second = post_office.emails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_a_recipient_that_the_server_refuses_is_final(ash, post_office):
    post_office.open("strict")
    mail = post(ash)
    delivery.deliver(mail.pk)
    failed = stored(mail)
    assert (failed.state, failed.text, failed.html) == (State.FAILED, "", "")
    assert failed.last_error == "550 nobody of that name"


def test_a_mailbox_that_is_full_is_tried_again(ash, post_office):
    post_office.open("full")
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert (stored(mail).state, stored(mail).last_error) == (State.WAITING, "451 the disk is full")


def test_a_worker_that_died_while_sending_is_replaced_after_its_lease(ash, post_office):
    post_office.open()
    mail = post(ash)
    assert delivery.claim(mail.pk) is not None  # and dies
    delivery.wake_due()
    assert post_office.emails == []
    make_due(mail)
    delivery.wake_due()
    assert len(post_office.emails) == 1


def test_a_code_that_is_too_old_is_not_sent(ash, post_office):
    mail = post(ash)
    delivery.deliver(mail.pk)
    make_old(mail)
    post_office.open()
    delivery.wake_due()
    failed = stored(mail)
    assert (failed.state, failed.text, failed.html) == (State.FAILED, "", "")
    assert "ConnectionRefusedError" in failed.last_error  # the operator sees why
    assert post_office.emails == []


@pytest.mark.parametrize(
    ("kind", "longest_s"), [(emails.RESET_PASSWORD, 60), (emails.PASSWORD_CHANGED, 900)]
)
def test_pauses_grow_and_stay_short_where_somebody_waits(ash, post_office, kind, longest_s):
    mail = post(ash, kind)
    pauses = []
    for _ in range(12):
        make_due(mail)
        delivery.deliver(mail.pk)
        pauses.append(round((stored(mail).next_attempt_at - timezone.now()).total_seconds()))
    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert max(pauses) == longest_s


def test_an_email_of_a_transaction_that_failed_never_was(ash, post_office):
    class Fault(Exception):
        pass

    def fail():
        with transaction.atomic():
            post(ash)
            raise Fault

    with pytest.raises(Fault):
        fail()
    assert not OutgoingMail.objects.exists()


def test_it_leaves_after_the_commit(ash, post_office, django_capture_on_commit_callbacks):
    post_office.open()
    with django_capture_on_commit_callbacks(execute=True):
        mail = post(ash)
        assert post_office.emails == []
    assert stored(mail).state == State.SENT


def test_without_a_server_outside_of_a_sandbox_mail_waits_and_says_why(ash, settings):
    settings.SMTP_URL, settings.SANDBOX = "", False
    settings.EMAIL_BACKEND = "hosting.mail.smtp.Backend"
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert (stored(mail).state, stored(mail).last_error) == (
        State.WAITING,
        "GROVE_SMTP_URL is not set",
    )


def test_a_sandbox_without_a_server_keeps_mail_until_its_code_is_old(ash, settings):
    settings.SMTP_URL = ""
    mail = post(ash)
    delivery.wake_due()
    assert (stored(mail).state, CODE in stored(mail).text) == (State.CAPTURED, True)
    make_old(mail)
    delivery.wake_due()
    assert (stored(mail).state, stored(mail).text, stored(mail).html) == (State.CAPTURED, "", "")


def test_who_goes_takes_the_letters_along(ash, birch):
    for host in (ash, birch):
        post(host)
    outbox.forget(ash, "alice@example.com")
    assert OutgoingMail.objects.get().host == birch


def test_rows_of_long_ago_go_and_unsent_ones_stay(ash, post_office):
    sent, waiting = post(ash), post(ash)
    long_ago = timezone.now() - delivery.KEPT_FOR - timedelta(days=1)
    OutgoingMail.objects.update(created_at=long_ago)
    OutgoingMail.objects.filter(pk=sent.pk).update(
        state=State.SENT, decided_at=long_ago, text="", html=""
    )
    delivery.forget_old()
    assert OutgoingMail.objects.get().pk == waiting.pk


def test_in_an_outage_one_email_asks_and_the_others_wait(ash, post_office):
    first, *others = [post(ash) for _ in range(4)]
    delivery.deliver(first.pk)
    for mail in others:
        delivery.deliver(mail.pk)
    delivery.wake_due()
    attempts = [stored(mail).attempts for mail in (first, *others)]
    assert attempts == [1, 1, 0, 0]


def test_when_it_is_over_all_leave_at_the_next_sweep(ash, post_office):
    mails = [post(ash) for _ in range(4)]
    delivery.deliver(mails[0].pk)
    post_office.open()
    delivery.wake_due()
    assert len(post_office.emails) == 3  # the first one's pause is not over
    make_due(mails[0])
    delivery.wake_due()
    assert len(post_office.emails) == 4


def test_a_refusal_is_no_outage(ash, post_office):
    post_office.open("strict")
    delivery.deliver(post(ash).pk)
    assert not delivery.outage.is_on


def test_one_sweep_at_a_time_waits_for_a_server_that_does_not_answer(ash, post_office):
    mail = post(ash)
    with delivery.SWEEPING:
        delivery.wake_due()
    assert stored(mail).attempts == 0


def test_a_code_that_nobody_could_try_to_send_says_why(ash, post_office):
    mail = post(ash)
    make_old(mail)
    delivery.wake_due()
    assert stored(mail).last_error == "the mail server was unavailable until the e-mail expired"


def test_words_cannot_stay_with_a_email_that_was_sent(ash, post_office):
    mail = post(ash)
    with pytest.raises(IntegrityError, match="keeps_no_words"), transaction.atomic():
        OutgoingMail.objects.filter(pk=mail.pk).update(state=State.SENT, decided_at=timezone.now())


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends(ash, post_office):
    post_office.open("slow")
    with transaction.atomic():
        mail = post(ash)
        OutgoingMail.objects.filter(pk=mail.pk).update(next_attempt_at=timezone.now())
        transaction.get_connection().run_on_commit.clear()

    def work():
        delivery.deliver(mail.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(post_office.emails) == 1
    assert stored(mail).attempts == 1
