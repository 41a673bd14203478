"""What a did:plc operation says about its DID, and the unsigned operations that say it.

Source: the did:plc method specification v0.3.0 ("Use with AT Protocol"). The legacy `create` form,
which only old logs hold, is read as if it were today's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from protocol.did.plc_operation import ImproperOperation, Operation

MAX_GENESIS_ROTATION_KEYS = 5  # by the specification; the directory itself would take more
PDS_SERVICE = "atproto_pds"
PDS_SERVICE_TYPE = "AtprotoPersonalDataServer"
SIGNING_METHOD = "atproto"

_AT_PREFIX = "at://"


@dataclass(frozen=True)
class Service:
    """One entry of `services`: what kind of server, and its URL."""

    type: str
    endpoint: str


@dataclass(frozen=True)
class PlcData:
    """What an operation says about its DID. Rotation keys stand in descending authority."""

    rotation_keys: tuple[str, ...]
    verification_methods: dict[str, str]
    also_known_as: tuple[str, ...]
    services: dict[str, Service]

    def with_handle(self, handle: str) -> "PlcData":
        """The same with another handle: in the first `at://` name's place, else in front."""
        names = list(self.also_known_as)
        places = [i for i, name in enumerate(names) if name.startswith(_AT_PREFIX)]
        if places:
            names[places[0]] = _AT_PREFIX + handle
        else:
            names.insert(0, _AT_PREFIX + handle)
        return replace(self, also_known_as=tuple(names))


def genesis(
    rotation_keys: Sequence[str], signing_did_key: str, handle: str, pds_endpoint: str
) -> Operation:
    """The unsigned first operation of a new account.

    Rotation keys are did:keys, highest authority first, one to five of them without repetition; the
    endpoint is an origin. Raises ImproperOperation.
    """
    keys = tuple(rotation_keys)
    if not 1 <= len(keys) <= MAX_GENESIS_ROTATION_KEYS or len(set(keys)) < len(keys):
        raise ImproperOperation("A new DID has one to five different rotation keys")
    data = PlcData(
        rotation_keys=keys,
        verification_methods={SIGNING_METHOD: signing_did_key},
        also_known_as=(_AT_PREFIX + handle,),
        services={PDS_SERVICE: Service(PDS_SERVICE_TYPE, pds_endpoint.rstrip("/"))},
    )
    return update(data, prev=None)


def update(data: PlcData, prev: str | None) -> Operation:
    """The unsigned operation that gives a DID this data. `prev`: CID of its signed predecessor."""
    return {
        "type": "plc_operation",
        "rotationKeys": list(data.rotation_keys),
        "verificationMethods": dict(data.verification_methods),
        "alsoKnownAs": list(data.also_known_as),
        "services": {
            name: {"type": service.type, "endpoint": service.endpoint}
            for name, service in data.services.items()
        },
        "prev": prev,
    }


def tombstone(prev: str) -> Operation:
    """The unsigned operation that ends a DID. `prev`: CID of its signed predecessor."""
    return {"type": "plc_tombstone", "prev": prev}


def normalize(op: Operation) -> Operation:
    """The operation in today's form: a legacy `create` rewritten, any other as it is.

    Only for reading. The CID and the signature belong to the form in which the log has it.
    """
    if op["type"] != "create":
        return op
    handle = re.sub(r"^(at|https?)://", "", op["handle"])
    has_scheme = op["service"].startswith(("http://", "https://"))
    return {
        "type": "plc_operation",
        "rotationKeys": [op["recoveryKey"], op["signingKey"]],
        "verificationMethods": {SIGNING_METHOD: op["signingKey"]},
        "alsoKnownAs": [_AT_PREFIX + handle],
        "services": {
            PDS_SERVICE: {
                "type": PDS_SERVICE_TYPE,
                "endpoint": op["service"] if has_scheme else f"https://{op['service']}",
            }
        },
        "prev": op["prev"],
        "sig": op["sig"],
    }


def data_of(op: Operation) -> PlcData | None:
    """What the operation says about its DID; None for a tombstone."""
    if op["type"] == "plc_tombstone":
        return None
    current = normalize(op)
    return PlcData(
        rotation_keys=tuple(current["rotationKeys"]),
        verification_methods=dict(current["verificationMethods"]),
        also_known_as=tuple(current["alsoKnownAs"]),
        services={
            name: Service(service["type"], service["endpoint"])
            for name, service in current["services"].items()
        },
    )
