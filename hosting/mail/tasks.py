"""Celery tasks of mail. Each may run twice."""

from celery import shared_task

from hosting.mail import budgets, delivery


@shared_task(name="hosting.mail.deliver")
def deliver(mail_id: int) -> None:
    """One e-mail, one attempt; the sweep makes the next one."""
    delivery.deliver(mail_id)


@shared_task(name="hosting.mail.deliver_due")
def deliver_due() -> None:
    """Every few seconds: e-mails whose next attempt is due, and words past their time."""
    delivery.wake_due()


@shared_task(name="hosting.mail.forget_old")
def forget_old() -> None:
    """Every hour: rows of e-mails long decided, and counts of windows long over."""
    delivery.forget_old()
    budgets.forget_old()
