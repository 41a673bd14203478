"""Sets up a labeler, step by step: an account, its identity, its declaration, a look from outside.

The order is the one in which nothing is ever promised that is not there: labels are served before
the identity names them, and the identity names them before the declaration invites subscribers.
Each step finds out by itself whether it was done, so a step that was cut off is done again.
"""

from dataclasses import replace
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.identity.plc import host_operations, owner_operations, submit, updates
from accounts.models import Account
from accounts.signup import await_directory, rules, sign_up
from accounts.signup.rules import SignUp
from hosting.models import Host
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.labels import signing
from moderation.models import AuditEntry, Labeler
from moderation.models.labels import AT_WORK
from moderation.permissions import Deed
from protocol.did.plc_data import PlcData, Service
from protocol.errors import InvalidRequest
from protocol.keys import SigningKey
from server.database import connection

SERVICE: Final = "atproto_labeler"
SERVICE_TYPE: Final = "AtprotoLabeler"
METHOD: Final = "atproto_label"
_PLC: Final = "did:plc:"
_KEPT: Final = "SELECT 1 FROM labeler WHERE tenant_id = %s AND state = ANY(%s) FOR SHARE"
Action = AuditEntry.Action


class LabelerThere(InvalidRequest):
    """400: a tenant has one labeler."""

    message = "This tenant has a labeler already"
    page_text = _("There is a labeler already.")


class LabelerRetired(InvalidRequest):
    """400: it labels no more."""

    message = "This labeler is retired"
    page_text = _("This labeler is retired.")


class UnfitAccount(InvalidRequest):
    """400: a labeler is an active account of the tenant whose identity it can change."""

    field = "account"
    message = "A labeler is an active account of this tenant with a did:plc"
    page_text = _("Choose an active account of yours with a did:plc.")


class NotOpenYet(InvalidRequest):
    """400: the directory has not confirmed the new account."""

    message = "The account is not open yet; please try again in a moment"
    page_text = _("The account is not open yet. Please try again in a moment.")


def open_account(actor: Actor, host: Host, wanted: SignUp) -> Labeler:
    """Make a new account of the host and its labeler. Whether others may sign up does not matter.

    Call it outside of any transaction. Raises NotAllowed, LabelerThere, the errors of
    `rules.check`, and those of `await_directory.await_account`, after which it goes on by itself.
    """
    permissions.require(actor, Deed.LABELER_SET_UP, host.tenant_id)
    _make_room(host)
    admitted = rules.check(host, wanted)
    rules.check_free(host, admitted)
    operation = sign_up.begin(host, admitted)
    account = Account.objects.select_related("host").get(plc_operations=operation)
    labeler = _begin(actor, account, is_opened_here=True)
    if submit.attempt_first(operation) is None:
        await_directory.await_account(operation)
    return labeler


def take_account(actor: Actor, account: Account) -> Labeler:
    """Make an account that is there the labeler; nothing of it changes before its owner has agreed
    (`publish`). Raises NotAllowed, LabelerThere, UnfitAccount."""
    permissions.require(actor, Deed.LABELER_SET_UP, account.host.tenant_id)
    _make_room(account.host)
    if account.status != Account.Status.ACTIVE or not account.did.startswith(_PLC):
        raise UnfitAccount
    return _begin(actor, account, is_opened_here=False)


def request_code(actor: Actor, labeler: Labeler) -> None:
    """Mail the account's owner the code that `publish` takes. Raises NotAllowed, UnfitAccount, and
    what `owner_operations.request_signature` does."""
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    owner_operations.request_signature(account_of(labeler))


def publish(actor: Actor, labeler: Labeler, code: str = "") -> bool:
    """Have the identity name the labeler's host and key. False: the directory has not confirmed it
    yet; it goes on by itself, and the next call finds it.

    `code` is the owner's; an account that was opened for this needs none. Call it outside of any
    transaction. Raises NotAllowed, LabelerRetired, NotOpenYet, UnfitAccount, and what
    `host_operations.publish` does.
    """
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    check_at_work(labeler)
    account = account_of(labeler)
    did_key = labeler.next_did_key or labeler.signing_did_key
    wanted = Service(SERVICE_TYPE, account.host.origin)

    def changed(data: PlcData) -> PlcData:
        methods = {**data.verification_methods, METHOD: did_key}
        services = {**data.services, SERVICE: wanted}
        return replace(data, verification_methods=methods, services=services)

    _, data = updates.newest(account)
    if changed(data) != data:
        if labeler.is_opened_here:
            code = owner_operations.code_for_password(account)
        action = Action.LABELER_ROTATE_KEY if labeler.next_did_key else Action.LABELER_PUBLISH
        with audit.outside_of_a_transaction(actor, account, action, did_key):
            if not host_operations.publish(account, code, changed):
                return False
    take_published(labeler, did_key)
    return True


def begin_rotation(actor: Actor, labeler: Labeler) -> None:
    """Make the key that comes next; `publish` puts it into the identity. Repeating it makes no
    other. Raises NotAllowed, LabelerRetired."""
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    check_at_work(labeler)
    with transaction.atomic():
        locked = Labeler.objects.select_for_update().get(pk=labeler.pk)
        check_at_work(locked)
        if not locked.next_did_key:
            key = SigningKey.generate()
            signing.store(locked, key)
            locked.next_did_key = key.did_key
            locked.save(update_fields=["next_did_key"])
        labeler.next_did_key = locked.next_did_key


def take_published(labeler: Labeler, did_key: str) -> None:
    """The identity names this key: sign with it from now on."""
    with transaction.atomic():
        locked = Labeler.objects.select_for_update().get(pk=labeler.pk)
        if locked.state == Labeler.State.SERVING:
            locked.state = Labeler.State.PUBLISHED
        if locked.next_did_key == did_key:
            locked.signing_did_key, locked.next_did_key = did_key, ""
            locked.has_older_signatures = True
        locked.save()
    labeler.refresh_from_db()


def account_of(labeler: Labeler) -> Account:
    """The labeler's account. Raises UnfitAccount, NotOpenYet."""
    account = labeler.account
    if account is None:
        raise UnfitAccount
    if account.opened_at is None:
        raise NotOpenYet
    return account


def check_at_work(labeler: Labeler) -> None:
    """Raises LabelerRetired."""
    if not labeler.is_at_work:
        raise LabelerRetired


def keep_at_work(labeler: Labeler) -> None:
    """Let nobody begin to retire it before the caller's transaction ends. Raises LabelerRetired."""
    if not connection.rows(_KEPT, (labeler.pk, list(AT_WORK))):
        raise LabelerRetired


def _make_room(host: Host) -> None:
    """One whose account never came to be is forgotten. Raises LabelerThere."""
    with transaction.atomic():
        before = Labeler.objects.select_for_update().filter(pk=host.tenant_id).first()
        if before is None:
            return
        if before.account_id is not None or before.labels.exists():
            raise LabelerThere
        before.keys.all().delete()
        before.delete()


def _begin(actor: Actor, account: Account, *, is_opened_here: bool) -> Labeler:
    key = SigningKey.generate()
    with transaction.atomic():
        labeler, is_new = Labeler.objects.get_or_create(
            pk=account.host.tenant_id,
            defaults={
                "host": account.host,
                "account": account,
                "did": account.did,
                "is_opened_here": is_opened_here,
                "signing_did_key": key.did_key,
            },
        )
        if not is_new:
            raise LabelerThere
        signing.store(labeler, key)
        audit.record(actor, account, Action.LABELER_OPEN, account.handle or account.did)
    return labeler
