"""Looks at a labeler from outside, as a subscriber would: for what most set-ups get wrong.

The requests go to the address that the identity gives, through the guarded client, and so past the
reverse proxy and the certificate that others meet.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identity.plc import client, did_refresh
from moderation import permissions
from moderation.audit import Actor
from moderation.labels import labelers, setting_up
from moderation.labels.declarations import COLLECTION, RKEY
from moderation.models import Labeler
from moderation.models.labels import DECLARED
from moderation.permissions import Deed
from protocol import atjson, cbor
from protocol.did.plc_data import PlcData
from protocol.keys import PublicKey
from server.net import json_documents, websocket_handshake
from server.net.json_documents import DocumentError

_TIMEOUT_S: Final = 10.0
_MAX_BYTES: Final = 200_000
_STREAM: Final = "/xrpc/com.atproto.label.subscribeLabels"
FAULTS: Final = {
    "directory": _("The PLC directory does not answer."),
    "service": _("The identity does not name this host as its labeler."),
    "key": _("The identity does not name the key that signs the labels."),
    "queries": _("Labels cannot be read at this host from outside."),
    "signature": _("A label read from outside is not signed by the key in the identity."),
    "stream": _("WebSockets do not reach this host from outside."),
    "declaration": _("The declaration cannot be read from outside."),
}


def probe(actor: Actor, labeler: Labeler) -> list[str]:
    """What is wrong, in keys of FAULTS; nothing: the labeler is live. It is kept beside the row.

    Call it outside of any transaction. Raises NotAllowed.
    """
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    found = faults(labeler)
    Labeler.objects.filter(pk=labeler.pk).update(probe=found, probed_at=timezone.now())
    state = Labeler.State.DECLARED if found else Labeler.State.LIVE
    labelers.move(labeler, state, since=DECLARED)
    return found


def faults(labeler: Labeler) -> list[str]:
    """What a subscriber would stumble over, in keys of FAULTS."""
    try:
        _newest, data = did_refresh.ask_directory(labeler.did)
    except client.Unsettled:
        return ["directory"]
    service = data.services.get(setting_up.SERVICE) if data else None
    if data is None or service is None or service.endpoint != labeler.host.origin:
        return ["service"]
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("key", lambda: _method(data) == labeler.signing_did_key),
        ("stream", lambda: websocket_handshake.opens(service.endpoint + _STREAM, _TIMEOUT_S)),
        ("declaration", lambda: _has_declaration(service.endpoint, labeler.did)),
    )
    found = [fault for fault, is_well in checks if not is_well()]
    return found + _faults_of_labels(service.endpoint, _method(data))


def _faults_of_labels(origin: str, did_key: str) -> list[str]:
    answer = _read(f"{origin}/xrpc/com.atproto.label.queryLabels?uriPatterns=*&limit=1")
    labels = answer.get("labels")
    if not isinstance(labels, list):
        return ["queries"]
    return [] if all(_is_signed(label, did_key) for label in labels) else ["signature"]


def _method(data: PlcData) -> str:
    return data.verification_methods.get(setting_up.METHOD, "")


def _is_signed(label: Any, did_key: str) -> bool:
    try:
        fields = cbor.decode(atjson.to_cbor(label))
        signature = fields.pop("sig")
        return PublicKey.from_did_key(did_key).verify(cbor.encode(fields), signature)
    except (ValueError, KeyError, TypeError):
        return False


def _has_declaration(origin: str, did: str) -> bool:
    asked = f"repo={quote(did)}&collection={COLLECTION}&rkey={RKEY}"
    return "value" in _read(f"{origin}/xrpc/com.atproto.repo.getRecord?{asked}")


def _read(url: str) -> Mapping[str, Any]:
    """The JSON object at a URL; empty when there is none."""
    try:
        return json_documents.get_object(url, timeout_s=_TIMEOUT_S, max_bytes=_MAX_BYTES)
    except DocumentError:
        return {}
