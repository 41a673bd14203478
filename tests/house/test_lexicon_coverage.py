"""Every method of com.atproto.* is answered here, or somebody has said why not (yet)."""

import pytest

from protocol.lexicon import catalog
from protocol.lexicon.documents import bundled_nsids
from xrpc import (
    com_atproto,  # noqa: F401 - importing it declares its methods
    registry,
)

_RELAY = "a relay's method, no PDS serves it"
_ENTRYWAY = "for providers with an entryway or a queue in front of their hosts"

# Ours to answer, in a later version.
LATER: dict[str, str] = {}

# Never ours.
DECLINED = {
    "com.atproto.sync.getHostStatus": _RELAY,
    "com.atproto.sync.listHosts": _RELAY,
    "com.atproto.sync.notifyOfUpdate": _RELAY,
    "com.atproto.sync.requestCrawl": _RELAY,
    "com.atproto.temp.addReservedHandle": _ENTRYWAY,
    "com.atproto.temp.dereferenceScope": _ENTRYWAY,
    "com.atproto.temp.fetchLabels": "deprecated in favour of the label namespace",
    "com.atproto.temp.requestPhoneVerification": _ENTRYWAY,
    "com.atproto.temp.revokeAccountCredentials": _ENTRYWAY,
}


def methods() -> set[str]:
    """Every query, procedure and subscription of com.atproto.* that has a lexicon."""
    names = [nsid for nsid in bundled_nsids() if nsid.startswith("com.atproto.")]
    return {nsid for nsid in names if catalog().method(nsid)}


@pytest.mark.parametrize("nsid", sorted(methods()))
def test_every_method_is_answered_or_accounted_for(nsid):
    places = [nsid in registry.registered(), nsid in LATER, nsid in DECLINED]
    assert places.count(True) == 1


def test_nothing_is_accounted_for_that_no_lexicon_has():
    assert not (LATER.keys() | DECLINED.keys()) - methods()
