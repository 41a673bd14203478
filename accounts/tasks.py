"""Celery tasks of accounts: a name, a retry policy, and one call of a verb that may run twice."""

from celery import shared_task

from accounts.authentication import (
    email_codes,
    password_resets,
    security_changes,
    sessions,
    sign_in_alerts,
    web_sessions,
)
from accounts.authentication.factors import trusted_browsers
from accounts.delegation import acting, log, visitors
from accounts.identity import external_handles
from accounts.identity.keys import reserved_keys
from accounts.identity.plc import did_refresh, submit
from accounts.lifecycle import deletion, planned_deletion
from accounts.lifecycle.account_migration import did_polling
from accounts.oauth import devices
from accounts.oauth.openid import identities
from accounts.oauth.requests import pushed_requests
from accounts.oauth.sessions import ending as oauth_sessions
from accounts.signup import abandoned, approval_queue, captcha
from hosting.models import Host


@shared_task(
    autoretry_for=(submit.Undecided,),
    throws=(submit.Undecided,),  # expected, so no traceback in the log
    retry_backoff=1,
    retry_backoff_max=60,
    max_retries=5,
)
def publish_operation(operation_id: int) -> None:
    """Tell the directory; the sweep goes on where the retries end."""
    submit.submit(operation_id)


@shared_task
def publish_due_operations() -> None:
    """Every few seconds: whatever wake-up was lost."""
    submit.queue.sweep()


@shared_task
def withdraw_stale_sign_ups() -> None:
    """Every minute."""
    abandoned.withdraw_stale()


@shared_task
def check_account_migrations() -> None:
    """Every minute: whether the DIDs of those who move in name this host yet."""
    did_polling.check_due()


@shared_task
def refresh_dids() -> None:
    """Every minute: whether the DIDs of our accounts still name this deployment."""
    did_refresh.refresh_due()


@shared_task
def refresh_did(did: str) -> None:
    """When an owner deactivates the account, or has an operation signed that names another host."""
    did_refresh.refresh(did)


@shared_task
def forget_expired_sessions() -> None:
    """Every hour."""
    sessions.forget_expired()


@shared_task
def forget_expired_web_sessions() -> None:
    """Every hour."""
    web_sessions.forget_expired()


@shared_task
def forget_expired_trust() -> None:
    """Every hour: browsers that were trusted with a second factor."""
    trusted_browsers.forget_expired()


@shared_task
def delete_due_accounts() -> None:
    """Every minute: what `deleteAfter` asked for."""
    deletion.delete_due()


@shared_task
def remind_of_deletions() -> None:
    """Every ten minutes: who planned the end of an account, or left a copy."""
    planned_deletion.remind_due()


@shared_task
def check_custom_handles() -> None:
    """Every minute: handles of other domains whose time has come."""
    external_handles.check_due()


@shared_task
def forget_stale_keys() -> None:
    """Every hour: keys reserved for people who never came."""
    reserved_keys.forget_stale()


@shared_task
def forget_old_codes() -> None:
    """Every hour."""
    email_codes.forget_old()


@shared_task
def mail_reset_code(host_id: int, identifier: str, language: str) -> None:
    """For the page of forgotten passwords; a second run mails the same code once more."""
    host = Host.objects.select_related("tenant").get(pk=host_id)
    password_resets.mail_code(host, identifier, language)


@shared_task
def forget_old_places() -> None:
    """Every hour: places, sign-ins and changes of long ago."""
    sign_in_alerts.forget_old()
    security_changes.forget_old()


@shared_task
def forget_old_delegations() -> None:
    """Every hour: invitations that nobody accepted, and the log of long ago."""
    acting.forget_expired()
    visitors.forget_expired()
    log.forget_old()


@shared_task
def forget_spent_challenges() -> None:
    """Every hour."""
    captcha.forget_spent()


@shared_task
def forget_old_held_sign_ups() -> None:
    """Every hour."""
    approval_queue.forget_old()


@shared_task
def freeze_unseen_people() -> None:
    """Every hour: whom their OpenID provider has not vouched for in time."""
    identities.freeze_unseen()


@shared_task
def forget_expired_oauth_requests() -> None:
    """Every minute: requests that nobody answered, and codes."""
    pushed_requests.forget_expired()


@shared_task
def forget_expired_oauth_sessions() -> None:
    """Every hour: sessions and browsers past their time."""
    oauth_sessions.forget_expired()
    devices.forget_unused()
