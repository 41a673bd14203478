"""Signing up at a host that gives out did:web identities: one transaction, nobody else to ask.

Source: docs/decisions/0023. The DID is the handle's host name as it is at sign-up and stays so; the
handle may change later. A directory of keys that could win the DID back does not exist for did:web,
so a recovery key is refused rather than forgotten.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import admission, handles, invites, keys, signup_rows, web_documents, web_identities
from accounts.admission import Admitted, RecoveryKeyRefused
from accounts.models import Account
from accounts.signals import account_opened
from hosting.models import Host


def open_account(host: Host, wish: Admitted, password: str) -> Account:
    """Make and open an account with a did:web of its handle; `password` is hashed already.

    Raises HandleTaken, EmailRefused, InvalidInviteCode, RecoveryKeyRefused.
    """
    if wish.recovery_key:
        raise RecoveryKeyRefused("Accounts of this server have no recovery keys (did:web).")
    try:
        with transaction.atomic():
            return _write(host, wish, password)
    except IntegrityError as error:
        raise signup_rows.lost_race(error, wish) from error


def _write(host: Host, wish: Admitted, password: str) -> Account:
    handles.hold(wish.handle)
    if handles.is_taken(wish.handle):
        raise admission.handle_taken(wish)
    did = web_documents.did_of(wish.handle)
    account = Account.objects.create(
        host=host,
        did=did,
        handle=wish.handle,
        email=wish.email,
        password=password,
        signing_did_key=keys.new_signing_key(host, did).did_key,
        opened_at=timezone.now(),
    )
    if host.has_invites_required and wish.invite_code:
        invites.spend(host, wish.invite_code, account.did)
    web_identities.begin(account)
    account.refresh_from_db(fields=["status"])  # Postgres derives it
    account_opened.send(sender=Account, account=account)
    return account
