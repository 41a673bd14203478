"""A move to another host, as the DID will say it: read from its recommendation, and published.

Source: com.atproto.identity.getRecommendedDidCredentials of the new host; account migration guide.
Most new hosts have the operation signed here (signPlcOperation) and hand it in themselves. For one
that does not, the owner brings its recommendation, sees what will change, and has it published from
here. Keys that rank above this host's stay first: they are the owner's, and no host knows of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.identity import published_dids
from accounts.identity.plc import host_operations, owner_operations
from accounts.models import Account
from protocol.did import did_document, plc
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, PlcData
from protocol.errors import InvalidRequest
from protocol.untrusted_input import bounded_json

TEXT_MAX_CHARACTERS: Final = 16_384
FIELDS: Final = frozenset({"rotationKeys", "alsoKnownAs", "verificationMethods", "services"})


class UnreadableCredentials(InvalidRequest):
    """400: not what a host recommends, or only a part of it."""

    field = "credentials"
    message = "Not the answer of getRecommendedDidCredentials"
    page_text = _(
        "This is not what a host recommends. Paste all of it, from the first { to the last }."
    )


class NamesThisHost(InvalidRequest):
    """400: it would change nothing."""

    field = "credentials"
    message = "These credentials name this host"
    page_text = _("This is what the host where you are recommends. Get it from the new host.")


class OtherPlan(InvalidRequest):
    """400: the DID has changed since its owner was shown what this would make of it."""

    message = "The DID has changed since the change was shown: look at it again"
    page_text = _("This page was open for too long. Please try again.")


def read(text: str) -> dict[str, Any]:
    """What a new host recommends: the fields of an operation. Raises UnreadableCredentials."""
    try:
        found = bounded_json.loads(text.strip().encode())
    except ValueError:
        raise UnreadableCredentials from None
    if not isinstance(found, dict) or not found.keys() >= {"rotationKeys", "services"}:
        raise UnreadableCredentials
    return {name: found[name] for name in FIELDS & found.keys()}


def destination(account: Account, data: PlcData, recommended: Mapping[str, Any]) -> PlcData:
    """What the DID will say, which now says `data`. Raises UnreadableCredentials, NamesThisHost."""
    try:
        wanted = owner_operations.changed(data, recommended)
        keys = dict.fromkeys([*_above_ours(account, data), *wanted.rotation_keys])
        wanted = replace(wanted, rotation_keys=tuple(keys))
        owner_operations.assure_valid({**plc.update(wanted, prev=None), "sig": ""})
        document = DidDocument(did_document.render(account.did, wanted))
    except (owner_operations.ImproperOperation, TypeError, AttributeError, ValueError):
        raise UnreadableCredentials from None
    service = wanted.services.get(PDS_SERVICE)
    if service is None or service.type != PDS_SERVICE_TYPE or document.signing_key is None:
        raise UnreadableCredentials
    if document.pds is None or not wanted.rotation_keys:
        raise UnreadableCredentials
    if published_dids.names(account, document.pds):
        raise NamesThisHost
    return wanted


def name_of(wanted: PlcData) -> str:
    """A name for exactly this destination: whoever agreed to it agreed to no other."""
    return plc.cid_of({**plc.update(wanted, prev=None), "sig": ""})


def publish(
    account: Account, code: str, recommended: Mapping[str, Any], agreed: str | None = None
) -> bool:
    """Have the directory say that the account lives where `recommended` says; the copy here rests
    from then on. `agreed` names the destination that its owner was shown. Returns as
    `host_operations.publish` does. Raises what that and `destination` do, and OtherPlan."""

    def changed(data: PlcData) -> PlcData:
        wanted = destination(account, data, recommended)
        if agreed is not None and name_of(wanted) != agreed:
            raise OtherPlan
        return wanted

    return host_operations.publish(account, code, changed)


def _above_ours(account: Account, data: PlcData) -> tuple[str, ...]:
    ours = account.host.rotation_did_key
    keys = data.rotation_keys
    return keys[: keys.index(ours)] if ours in keys else ()
