"""did:web identities that a host serves: begun with the account, changed by its owner.

There is no directory in between: the row is the document (`did_web_documents`), so a change is one
transaction. The row outlives the account, because the DID belongs to the person and can be served
from nowhere else.
"""

from dataclasses import replace
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identity import adopt_update, did_web_documents, published_dids
from accounts.identity.handles import allocation
from accounts.identity.published_dids import Published
from accounts.models import Account, WebIdentity
from accounts.signals import signing_key_changed
from protocol.did import did_document
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import (
    PDS_SERVICE,
    PDS_SERVICE_TYPE,
    SIGNING_METHOD,
    PlcData,
    Service,
)
from protocol.errors import InvalidRequest


class ImproperDocument(InvalidRequest):
    """400: nobody could make anything of such a document."""


class ImproperHandle(ImproperDocument):
    """400: it names no handle."""

    field = "handle"
    message = "Enter a valid handle."
    page_text = _("Enter a valid handle.")


class ImproperEndpoint(ImproperDocument):
    """400: it names no PDS."""

    field = "endpoint"
    message = "Enter the URL of a PDS."
    page_text = _("Enter the URL of a PDS.")


class ImproperKey(ImproperDocument):
    """400: it names no signing key."""

    field = "signing_key"
    message = "Enter a public key in the form did:key:z…"
    page_text = _("Enter a public key in the form did:key:z…")


def begin(account: Account) -> WebIdentity:
    """The identity of a new account, in the transaction that makes it."""
    return WebIdentity.objects.create(
        did=account.did,
        host=account.host,
        account=account,
        also_known_as=[f"at://{account.handle}"],
        verification_methods={SIGNING_METHOD: account.signing_did_key},
        services={PDS_SERVICE: {"type": PDS_SERVICE_TYPE, "endpoint": account.host.origin}},
    )


def identity_of(account: Account) -> WebIdentity:
    """The account's identity, which there is (`is_served_here`)."""
    return _of(account).get()


def is_served_here(account: Account) -> bool:
    """Whether the account's DID document is in our hands."""
    return account.did.startswith(did_web_documents.PREFIX) and _of(account).exists()


def change_handle(account: Account, handle: str) -> None:
    """Another handle in the document and for the account, both or neither."""
    with transaction.atomic():
        allocation.lock(handle)
        locked = adopt_update.lock(account)
        identity = _of(account).select_for_update().get()
        data = did_web_documents.data_of(identity).with_handle(handle)
        identity.also_known_as = list(data.also_known_as)
        identity.save(update_fields=["also_known_as", "updated_at"])
        _note(locked, identity)
        adopt_update.take_handle(locked, handle)


def change_key(account: Account, did_key: str) -> None:
    """Another repo signing key of ours, in the document and for the account."""
    with transaction.atomic():
        locked = adopt_update.lock(account)
        identity = _of(account).select_for_update().get()
        identity.verification_methods = {**identity.verification_methods, SIGNING_METHOD: did_key}
        identity.save(update_fields=["verification_methods", "updated_at"])
        locked.signing_did_key = did_key
        locked.save(update_fields=["signing_did_key"])
        _note(locked, identity)
        signing_key_changed.send(sender=Account, account=locked)


def point_to(account: Account, handle: str, signing_did_key: str, endpoint: str) -> None:
    """Have the document name a handle, a signing key and a host (an origin), as its owner says.

    Raises ImproperDocument.
    """
    data = did_web_documents.data_of(identity_of(account)).with_handle(handle.strip().lower())
    service = Service(PDS_SERVICE_TYPE, endpoint.strip().rstrip("/"))
    methods = {**data.verification_methods, SIGNING_METHOD: signing_did_key.strip()}
    services = {**data.services, PDS_SERVICE: service}
    wanted = replace(data, verification_methods=methods, services=services)
    read = DidDocument(did_document.render(account.did, wanted))
    if read.handle is None:
        raise ImproperHandle
    if read.pds is None:
        raise ImproperEndpoint
    if read.signing_key is None:
        raise ImproperKey
    change(account, wanted)


def change(account: Account, data: PlcData) -> None:
    """What the owner wants the document to say, from leaving for another host on."""
    with transaction.atomic():
        locked = adopt_update.lock(account)
        identity = _of(account).select_for_update().get()
        identity.also_known_as = list(data.also_known_as)
        identity.verification_methods = dict(data.verification_methods)
        identity.services = {
            name: {"type": service.type, "endpoint": service.endpoint}
            for name, service in data.services.items()
        }
        identity.save()
        adopt_update.announce(locked)
        _note(locked, identity)


def _note(locked: Account, identity: WebIdentity) -> None:
    """The account, whose row is locked, knows at once what its document says; its copies at other
    hosts of ours when the transaction has come true."""
    published = Published(DidDocument(did_web_documents.document(identity)))
    now = timezone.now()
    published_dids.take(locked, published, now)
    transaction.on_commit(partial(published_dids.note, published, seen_at=now))


def _of(account: Account) -> QuerySet[WebIdentity]:
    return WebIdentity.objects.filter(account=account)
