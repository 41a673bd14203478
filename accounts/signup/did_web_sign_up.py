"""Sign-up at a host of did:web identities: one transaction, no directory.

Source: docs/decisions/0023. The DID is the handle's host name as it is at sign-up and stays so; the
handle may change later. A directory of keys that could win the DID back does not exist for did:web,
so a recovery key is refused rather than forgotten.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.identity import did_web, did_web_documents
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from accounts.identity.keys import signing_keys
from accounts.invites import codes
from accounts.models import Account
from accounts.signals import account_opened
from accounts.signup import pending_account
from accounts.signup.account_quota import check_room
from accounts.signup.rules import Admitted, RecoveryKeyRefused
from hosting.models import Host


def open_account(host: Host, wanted: Admitted, password: str) -> Account:
    """Make and open an account with a did:web of its handle; `password` is hashed already.

    Raises HandleTaken, QuotaExceeded, EmailRefused, InvalidInviteCode, RecoveryKeyRefused.
    """
    if wanted.recovery_key:
        raise RecoveryKeyRefused("Accounts of this server have no recovery keys (did:web).")
    try:
        with transaction.atomic():
            return _write(host, wanted, password)
    except IntegrityError as error:
        raise pending_account.lost_race(error, wanted) from error


def _write(host: Host, wanted: Admitted, password: str) -> Account:
    allocation.lock(wanted.handle)
    if allocation.is_taken(wanted.handle):
        raise HandleTaken(wanted.handle)
    check_room(host)
    did = did_web_documents.did_of(wanted.handle)
    account = Account.objects.create(
        host=host,
        did=did,
        handle=wanted.handle,
        email=wanted.email,
        password=password,
        signing_did_key=signing_keys.new_signing_key(host, did).did_key,
        opened_at=timezone.now(),
    )
    if host.has_invites_required and wanted.invite_code:
        codes.spend(host, wanted.invite_code, account.did)
    did_web.begin(account)
    account.refresh_from_db(fields=["status"])  # Postgres derives it
    account_opened.send(sender=Account, account=account)
    return account
