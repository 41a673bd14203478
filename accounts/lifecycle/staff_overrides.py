"""Staff overrides: e-mail address and password, set or ended without the owner's proof.

Source: com.atproto.admin.updateAccountEmail and updateAccountPassword. Codes that were mailed
before lead to the wrong mailbox or serve the wrong person, so they all go.
"""

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import status
from accounts.authentication import credential_rules, email_codes
from accounts.models import Account, AppPassword, Session, WebSession


def set_email(account: Account, email: str) -> None:
    """Another address, not yet confirmed; that it is the owner's the staff vouch for.

    Raises `EmailRefused` for none, and for one in use.
    """
    address = credential_rules.checked_email(email)
    try:
        with transaction.atomic():
            locked = status.lock_open(account)
            locked.email = address
            locked.email_confirmed_at = locked.email_replaced_at = None
            locked.save(update_fields=["email", "email_confirmed_at", "email_replaced_at"])
            email_codes.burn_all(locked)
    except IntegrityError:
        raise credential_rules.EmailInUse from None


def set_password(account: Account, password: str) -> None:
    """Another main password; whoever is signed in with the old one is so no longer. App passwords
    and their sessions stay. Raises `PasswordRefused`."""
    credential_rules.refuse_guessable(password, account.handle or "", account.email)
    hashed = make_password(credential_rules.checked_password(password))
    with transaction.atomic():
        locked = status.lock_open(account)
        locked.password = hashed
        locked.save(update_fields=["password"])
        Session.objects.filter(account=locked, app_password_name__isnull=True).delete()
        WebSession.objects.filter(account=locked).delete()
        status.end_oauth(locked)
        email_codes.burn_all(locked)


def end_password(account: Account) -> None:
    """End the main password, every app password and every session: whoever can read the account's
    mail sets a new one. Raises AccountNotFound."""
    with transaction.atomic():
        locked = status.lock_open(account)
        locked.password = make_password(None)
        locked.save(update_fields=["password"])
        AppPassword.objects.filter(account=locked).delete()
        status.end_sessions(locked)
        email_codes.burn_all(locked)


def set_uploads(account: Account, *, are_blocked: bool) -> None:
    """Let the account upload nothing, or again (repos.blobs.uploads). Raises AccountNotFound."""
    with transaction.atomic():
        locked = status.lock_open(account)
        locked.uploads_blocked_at = timezone.now() if are_blocked else None
        locked.save(update_fields=["uploads_blocked_at"])


def set_hold(account: Account, *, is_held: bool) -> None:
    """Keep what sweeps would forget of the account, or no longer, in the caller's transaction,
    which holds its row."""
    account.held_at = timezone.now() if is_held else None
    account.save(update_fields=["held_at"])
