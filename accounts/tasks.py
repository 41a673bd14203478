"""The room's Celery tasks: a name, a retry policy, and one call of a verb that may run twice."""

from celery import shared_task

from accounts import (
    arrival_checks,
    captcha,
    custom_handles,
    deletion,
    did_looks,
    email_tokens,
    held_sign_ups,
    password_resets,
    places,
    publishing,
    reserved_keys,
    sessions,
    websessions,
    withdrawals,
)
from hosting.models import Host


@shared_task(
    autoretry_for=(publishing.Undecided,),
    throws=(publishing.Undecided,),  # expected, so no traceback in the log
    retry_backoff=1,
    retry_backoff_max=60,
    max_retries=5,
)
def publish_operation(operation_id: int) -> None:
    """Tell the directory; the sweep goes on where the retries end."""
    publishing.publish(operation_id)


@shared_task
def publish_due_operations() -> None:
    """Every few seconds: whatever wake-up was lost."""
    publishing.wake_due()


@shared_task
def withdraw_stale_sign_ups() -> None:
    """Every minute."""
    withdrawals.withdraw_stale()


@shared_task
def check_arrivals() -> None:
    """Every minute: whether the DIDs of those who move in name this host yet."""
    arrival_checks.check_due()


@shared_task
def look_at_dids() -> None:
    """Every minute: whether the DIDs of our accounts still name this deployment."""
    did_looks.look_due()


@shared_task
def look_at_did(did: str) -> None:
    """When an owner deactivates the account, or has an operation signed that names another host."""
    did_looks.look(did)


@shared_task
def forget_expired_sessions() -> None:
    """Every hour."""
    sessions.forget_expired()


@shared_task
def forget_expired_web_sessions() -> None:
    """Every hour."""
    websessions.forget_expired()


@shared_task
def delete_due_accounts() -> None:
    """Every minute: what `deleteAfter` asked for."""
    deletion.delete_due()


@shared_task
def check_custom_handles() -> None:
    """Every minute: handles of other domains whose time has come."""
    custom_handles.check_due()


@shared_task
def forget_stale_keys() -> None:
    """Every hour: keys reserved for people who never came."""
    reserved_keys.forget_stale()


@shared_task
def forget_old_codes() -> None:
    """Every hour."""
    email_tokens.forget_old()


@shared_task
def mail_reset_code(host_id: int, identifier: str, language: str) -> None:
    """For the page of forgotten passwords; a second run mails the same code once more."""
    host = Host.objects.select_related("tenant").get(pk=host_id)
    password_resets.ask_silently(host, identifier, language)


@shared_task
def forget_old_places() -> None:
    """Every hour."""
    places.forget_old()


@shared_task
def forget_spent_challenges() -> None:
    """Every hour."""
    captcha.forget_spent()


@shared_task
def forget_old_held_sign_ups() -> None:
    """Every hour."""
    held_sign_ups.forget_old()
