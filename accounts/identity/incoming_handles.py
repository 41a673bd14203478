"""The handle of an account that moves in: one of this host's, or the one it brings along.

Source: com.atproto.server.createAccount with `did`; atproto.com/specs/handle. A name of another
domain must lead to the DID already, so nobody takes somebody else's.
"""

from django.utils.translation import gettext_lazy as _

from accounts.identity import resolution
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleError, UnsupportedDomain
from hosting.models import Host
from protocol.syntax import normalize_handle


class HandleLeadsElsewhere(HandleError):
    """400 without a name of its own, as clients know it."""

    message = "External handle did not resolve to DID"
    page_text = _(
        "This domain does not lead to your account yet. Set one of the two records first."
    )


def check(host: Host, did: str, handle: str) -> str:
    """The handle in its normal form. Asks the network: call it outside of any transaction.

    Raises the errors of `allocation.check_new`, HandleLeadsElsewhere, NetworkUnavailable.
    """
    try:
        return allocation.check_new(host, handle)
    except UnsupportedDomain:
        name = normalize_handle(handle)
        allocation.check_language(name)
        if resolution.ask_for_handle(name) != did:
            raise HandleLeadsElsewhere from None
        return name
