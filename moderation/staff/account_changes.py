"""Account changes by the host's admin and its moderation service, each on the record.

Source: com.atproto.admin.*. The verbs are the accounts package's; here they get their audit entry,
in the same transaction where the verb has one. Verbs that ask the directory are logged before they
begin and once they have ended, because no transaction may wait for the network.
"""

from collections.abc import Collection

from django.db import transaction

from accounts.authentication import email_address, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.identity import handle_changes, key_rotation
from accounts.invites import codes as invites
from accounts.lifecycle import deletion, staff_overrides
from accounts.models import Account
from hosting.mail import emails, outbox
from hosting.models import Host
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol.errors import InvalidRequest

Action = AuditEntry.Action
DEFAULT_SUBJECT = "Message via your PDS"


def change_email(actor: Actor, account: Account, email: str, reason: str) -> None:
    """Another e-mail address. Raises `EmailRefused`."""
    with transaction.atomic():
        audit.record(actor, account, Action.ACCOUNT_CHANGE_EMAIL, reason)
        staff_overrides.set_email(account, email)


def change_password(actor: Actor, account: Account, password: str, reason: str) -> None:
    """Another password; ends the sessions of the old one. Raises `PasswordRefused`."""
    with transaction.atomic():
        audit.record(actor, account, Action.ACCOUNT_CHANGE_PASSWORD, reason)
        staff_overrides.set_password(account, password)


def change_handle(actor: Actor, account: Account, handle: str, reason: str) -> None:
    """Another handle; reserved words, too, are the staff's to give. Asks the directory.

    Raises the errors of `handle_changes.check_by_staff` and `change_handle`.
    """
    checked = handle_changes.check_by_staff(account, handle)
    said = f"{reason}: {checked}"
    with audit.outside_of_a_transaction(actor, account, Action.ACCOUNT_CHANGE_HANDLE, said):
        handle_changes.change_handle(account, checked)


def delete(actor: Actor, account: Account, reason: str) -> None:
    """Delete an account for good. The entry stays. Raises AccountNotFound."""
    with transaction.atomic():
        audit.record(actor, account, Action.ACCOUNT_DELETE, reason)
        deletion.delete(account)


def change_key(actor: Actor, account: Account, did_key: str, reason: str) -> None:
    """Another signing key, one of this host's. Raises the errors of `key_rotation.take_key`."""
    with audit.outside_of_a_transaction(actor, account, Action.ACCOUNT_CHANGE_KEY, reason):
        key_rotation.take_key(account, did_key)


def write_to(actor: Actor, account: Account, subject: str, content: str, reason: str) -> None:
    """An e-mail to the account's owner, through the host's outbox.

    Raises InvalidRequest for an account without an address.
    """
    if not account.email:
        raise InvalidRequest("account does not have an email address")
    with transaction.atomic():
        audit.record(actor, account, Action.ACCOUNT_WRITE_TO, f"{reason}: {subject}")
        words = emails.from_staff(subject or DEFAULT_SUBJECT, content)
        outbox.post(
            account.host, account.email, emails.FROM_STAFF, words, language=account.language
        )


def mail_reset_code(actor: Actor, account: Account, reason: str) -> None:
    """Mail the account's owner a code for a new password. Raises EmailTooNew, RateLimitExceeded,
    InvalidRequest for an account without an address."""
    if not account.email:
        raise InvalidRequest("account does not have an email address")
    email_address.check_trusted(account)
    with transaction.atomic():
        audit.record(actor, account, Action.ACCOUNT_WRITE_TO, f"{reason}: code for a new password")
        email_codes.mail(account, Purpose.RESET_PASSWORD)


def give_invites(
    actor: Actor, host: Host, accounts: Collection[str], codes_each: int, uses_each: int
) -> dict[str, list[str]]:
    """Invite codes as gifts, by owner. Raises NotAllowed, InvalidRequest."""
    permissions.require(actor, Deed.INVITES_GIVE, host.tenant_id)
    with transaction.atomic():
        given = invites.give(
            host, for_accounts=accounts, codes_each=codes_each, uses_each=uses_each
        )
        reason = f"{codes_each} for {', '.join(given)}, {uses_each} uses each"
        audit.record_at_host(actor, host, Action.INVITES_CREATE, reason)
        return given


def disable_invites(
    actor: Actor, host: Host, codes: Collection[str], accounts: Collection[str]
) -> None:
    """Disable codes, and all codes of accounts. Raises InvalidRequest for `admin`'s."""
    with transaction.atomic():
        count = invites.disable(host, codes, accounts)
        reason = f"{count} codes: {', '.join([*codes, *accounts]) or 'none named'}"
        audit.record_at_host(actor, host, Action.INVITES_DISABLE, reason)


def forbid_invites(actor: Actor, account: Account, note: str) -> None:
    """The account earns no codes from now on; those that it has stay good."""
    with transaction.atomic():
        audit.record(actor, account, Action.INVITES_FORBID, note or "no note")
        invites.set_permission(account, is_disabled=True, note=note)


def allow_invites(actor: Actor, account: Account, note: str) -> None:
    """The account may earn codes again."""
    with transaction.atomic():
        audit.record(actor, account, Action.INVITES_ALLOW, note or "no note")
        invites.set_permission(account, is_disabled=False, note=note)
