"""Private data of an account: what its host keeps beside the repo, as files of JSON.

No secrets are in it: passwords, codes and tokens are kept hashed or wrapped, and stay here. What
packages above keep of somebody they add by answering the signal `private_data_asked` with files of
their own, a mapping as `of_account` makes it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from django.db.models import QuerySet
from django.dispatch import Signal

from accounts.lifecycle import preferences
from accounts.models import (
    Account,
    AccountMigration,
    AppPassword,
    CustomHandle,
    DelegatedDeed,
    Delegation,
    InviteCode,
    InviteUse,
    KnownPlace,
    OAuthConsent,
    OAuthDeviceAccount,
    OAuthSession,
    OpenIdIdentity,
    Passkey,
    PlcOperation,
    RecoveryCode,
    RecoveryKey,
    SecurityChange,
    Session,
    SignIn,
    Totp,
    TrustedBrowser,
    WebSession,
)
from hosting.mail.models import OutgoingMail

Rows = Iterable[Mapping[str, Any]]
Files = Mapping[str, Rows]

private_data_asked: Final = Signal()  # carries `account: Account`; receivers answer with Files
_ACCOUNT: Final = (
    "did", "handle", "email", "email_confirmed_at", "email_replaced_at", "has_email_auth_factor",
    "signing_did_key", "created_at", "opened_at", "deactivated_at", "delete_after", "suspended_at",
    "taken_down_at", "moved_away_at", "status", "did_document",
)  # fmt: skip


def of_account(account: Account) -> dict[str, Rows]:
    """Each file's name and its rows, in order; rows are read when they are asked for."""
    own = {"account": account}
    files: dict[str, Rows] = {
        "account.json": Account.objects.of(account.host).filter(pk=account.pk).values(*_ACCOUNT),
        "preferences.json": preferences.of_account(account),
        "sessions.json": _sessions(own),
        "sign-ins.json": SignIn.objects.filter(**own).values(
            "at", "is_success", "way", "client_host", "place", "agent"
        ),
        "security-changes.json": SecurityChange.objects.filter(**own).values(
            "at", "kind", "detail", "place", "undone_at"
        ),
        "second-factors.json": _factors(own),
        "apps.json": _apps(own),
        "invites.json": _invites(account),
        "identity.json": PlcOperation.objects.filter(**own).values(
            "kind", "cid", "operation", "state", "created_at"
        ),
        "recovery-keys.json": RecoveryKey.objects.filter(**own).values(
            "did_key", "name", "created_at", "proven_at"
        ),
        "people.json": Delegation.objects.filter(**own).values(
            "controller_did", "handle", "role", "scope", "invited_at", "accepted_at"
        ),
        "deeds-of-people.json": DelegatedDeed.objects.filter(**own).values(
            "at", "controller_did", "deed", "detail"
        ),
        "openid.json": OpenIdIdentity.objects.filter(**own).values(
            "provider__name", "provider__issuer", "subject", "linked_at", "seen_at", "left_at"
        ),
        "own-domain.json": CustomHandle.objects.filter(**own).values(
            "next_check_at", "failing_since", "lost_at"
        ),
        "moves.json": AccountMigration.objects.filter(**own).values(
            "moved_from", "created_at", "did_updated_at", "activated_at"
        ),
        "mail.json": OutgoingMail.objects.filter(host=account.host, recipient=account.email).values(
            "kind", "subject", "state", "created_at"
        ),
    }
    for _receiver, more in private_data_asked.send(sender=Account, account=account):
        files |= cast("Files", more)
    return files


def _sessions(own: Mapping[str, Account]) -> Rows:
    """Where and since when somebody is signed in; the places are kept as hashes alone."""
    yield from _named("session", Session, own, "scope", "app_password_name", "expires_at")
    yield from _named("web", WebSession, own, "last_seen_at")
    yield from _named(
        "app", OAuthSession, own, "client_id", "scope", "refreshed_at", "refresh_until"
    )
    devices = OAuthDeviceAccount.objects.filter(**own)
    yield from _kinds("browser", devices.values("signed_in_at", "device__last_seen_at"))
    yield from _kinds("known place", KnownPlace.objects.filter(**own).values("last_seen_at"))


def _factors(own: Mapping[str, Account]) -> Rows:
    """What is public of them, and when they came; secrets stay here."""
    keys = ("name", "transports", "is_syncable", "last_used_at", "flagged_at")
    yield from _named("passkey", Passkey, own, *keys)
    yield from _named("authenticator app", Totp, own)
    yield from _named("recovery code", RecoveryCode, own)
    yield from _named("trusted browser", TrustedBrowser, own, "user_agent", "expires_at")


def _apps(own: Mapping[str, Account]) -> Rows:
    yield from _named("app password", AppPassword, own, "name", "is_privileged")
    yield from _named("consent", OAuthConsent, own, "client_id", "granted", "declined")


def _invites(account: Account) -> Rows:
    codes = InviteCode.objects.of(account.host).filter(for_account=account.did)
    yield from _kinds(
        "code", codes.values("code", "available_count", "used_count", "is_disabled", "created_at")
    )
    uses = InviteUse.objects.filter(code__host=account.host, used_by=account.did)
    yield from _kinds("came with", uses.values("code__code", "used_at"))


def _named(kind: str, model: Any, own: Mapping[str, Account], *fields: str) -> Rows:
    return _kinds(kind, model.objects.filter(**own).values("created_at", *fields))


def _kinds(kind: str, found: "QuerySet[Any, Any]") -> Rows:
    return ({"what": kind, **each} for each in found.iterator())
