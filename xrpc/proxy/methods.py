"""Proxy rules: which methods may leave this server, by proxy or in a service token, and for whom.

Source: the lists that every host of the network keeps (atproto.com/specs/xrpc, "Service Proxying";
protocol: proxying). NSIDs are compared without regard to case: a service that reads them so must
not be reached past a list that does not.
"""

from typing import Final

CREATE_ACCOUNT: Final = "com.atproto.server.createAccount"
QUERY_LABELS: Final = "com.atproto.label.queryLabels"
CREATE_REPORT: Final = "com.atproto.moderation.createReport"

# They manage the account itself; no other service may act in them as the user.
PROTECTED = frozenset(
    nsid.lower()
    for nsid in (
        "com.atproto.admin.sendEmail",
        "com.atproto.identity.requestPlcOperationSignature",
        "com.atproto.identity.signPlcOperation",
        "com.atproto.identity.updateHandle",
        "com.atproto.server.activateAccount",
        "com.atproto.server.confirmEmail",
        "com.atproto.server.createAppPassword",
        "com.atproto.server.deactivateAccount",
        "com.atproto.server.getAccountInviteCodes",
        "com.atproto.server.getSession",
        "com.atproto.server.listAppPasswords",
        "com.atproto.server.requestAccountDelete",
        "com.atproto.server.requestEmailConfirmation",
        "com.atproto.server.requestEmailUpdate",
        "com.atproto.server.revokeAppPassword",
        "com.atproto.server.updateEmail",
    )
)
_CHAT = "chat.bsky."  # private messages: newer methods of it are as private as those on the lists
_MODERATION_TOOLS = "tools.ozone."
_ADMIN = "com.atproto.admin."


def is_protected(nsid: str) -> bool:
    """Whether the method is never proxied and never named in a service token."""
    return nsid.lower() in PROTECTED


def needs_privilege(nsid: str) -> bool:
    """Whether an app password has to be a privileged one."""
    name = nsid.lower()
    return name.startswith(_CHAT) or name == CREATE_ACCOUNT.lower()


def is_for_admins(nsid: str) -> bool:
    """Whether its caller holds a host in their hands: an account that moderates hosts does so by
    its main password, never by what it gave to an app."""
    return nsid.lower().startswith(_ADMIN)


def is_for_moderators(nsid: str) -> bool:
    """Whether a moderation service answers it, unless the caller names another."""
    return nsid.lower().startswith(_MODERATION_TOOLS)


def is_create_account(nsid: str) -> bool:
    """Whether it is the one method for which somebody taken down gets a token: to leave."""
    return nsid.lower() == CREATE_ACCOUNT.lower()
