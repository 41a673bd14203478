"""Abuse notices: what named authorities tell a host, stored first, listed, acknowledged.

Source: atproto proposal 0012, a sketch (protocol/lexicon/proposed.py). A tenant names the DIDs
whose notices it takes, or takes everybody's. A notice is known by its authority and number, so that
one sent twice is one. Nothing follows from it but work for the staff, unless the tenant wants what
an authority names taken down at once: its records and files, never accounts.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting import limits
from hosting.limits import DAY_S, Budget, bucket
from hosting.models import Host, StaffUser, Tenant
from moderation import audit, permissions
from moderation.enforcement import actions
from moderation.enforcement.actions import ActionInput
from moderation.models import AbuseAuthority, AbuseNotice, AuditEntry
from moderation.permissions import Deed
from protocol import cid
from protocol.errors import InvalidRequest, XrpcError
from protocol.syntax import AtUri, InvalidSyntax, is_network_did

NOTICES: Final = bucket("abuse-notices", Budget(200, DAY_S))  # of an authority, at a host
AUTHORITIES_MAX: Final = 100  # of a tenant
received: Final = Signal()  # carries `notice`; inside the transaction that stored it


class NoAuthority(XrpcError):
    """403: the host takes no notices of this service."""

    name = "Forbidden"
    status = 403
    message = "This host takes no abuse notices of this authority"


class UnfitAuthority(InvalidRequest):
    """400: not a DID that can be resolved, or one too many."""

    message = "Not a DID, or too many authorities"
    page_text = _("Enter a DID, or * for everybody. Everybody's notices are never acted on.")
    field = "did"


def check_authority(host: Host, did: str) -> AbuseAuthority:
    """By what a host takes the notices of a DID: its own row before everybody's. Raises
    NoAuthority."""
    rows = AbuseAuthority.objects.filter(
        tenant_id=host.tenant_id, did__in=(did, AbuseAuthority.ANYBODY)
    )
    found = {row.did: row for row in rows}
    authority = found.get(did) or found.get(AbuseAuthority.ANYBODY)
    if authority is None:
        raise NoAuthority
    return authority


def receive(host: Host, did: str, given: Mapping[str, Any]) -> AbuseNotice:
    """Store a notice whose sender is proven; the same one again is the one that is there. `given`
    as the wire has it. Raises NoAuthority, InvalidRequest, RateLimitExceeded."""
    authority = check_authority(host, did)
    if given["authority"] != did:
        raise NoAuthority("The authority is not the token's issuer")
    known = {"host": host, "authority": did, "notice_id": given["noticeId"]}
    if found := AbuseNotice.objects.filter(**known).first():
        return found
    limits.spend(NOTICES, host, did)
    with transaction.atomic():
        notice, is_new = AbuseNotice.objects.get_or_create(
            **known,
            defaults={
                "kind": given["abuseType"],
                "comment": given.get("comment", ""),
                "subjects": given["subjects"],
            },
        )
        if is_new:
            received.send(sender=AbuseNotice, notice=notice)
        if is_new and authority.is_acted_on:
            _act(notice)  # with the notice, or not at all: who sends it again is not acted on anew
    return notice


def acknowledge(actor: StaffUser, notice: AbuseNotice, reason: str) -> AuditEntry:
    """Somebody has looked at it. Raises NotAllowed, ReasonNeeded."""
    reason = permissions.checked(actor, Deed.ABUSE_NOTICES, notice.host.tenant_id, reason)
    with transaction.atomic():
        action = AuditEntry.Action.ABUSE_NOTICE_ACKNOWLEDGE
        said = f"{notice.authority} {notice.notice_id}: {reason}"
        entry = audit.record_at_host(actor, notice.host, action, said)
        AbuseNotice.objects.filter(pk=notice.pk).update(acknowledged=entry)
    return entry


def name_authority(actor: StaffUser, host: Host, did: str, *, is_acted_on: bool) -> None:
    """Take the notices of a DID, or `*` for everybody's. Raises NotAllowed, UnfitAuthority."""
    permissions.require(actor, Deed.POLICIES_CHANGE, host.tenant_id)
    did = did.strip()
    others = AbuseAuthority.objects.filter(tenant=host.tenant).exclude(did=did)
    is_anybody = did == AbuseAuthority.ANYBODY
    is_fit = (is_anybody and not is_acted_on) or is_network_did(did)
    if not is_fit or others.count() >= AUTHORITIES_MAX:
        raise UnfitAuthority
    with transaction.atomic():
        AbuseAuthority.objects.update_or_create(
            tenant=host.tenant, did=did, defaults={"is_acted_on": is_acted_on}
        )
        _record_change(actor, host, f"{did}{', acted on' if is_acted_on else ''}")


def drop_authority(actor: StaffUser, host: Host, did: str) -> None:
    """Take its notices no longer. Raises NotAllowed."""
    permissions.require(actor, Deed.POLICIES_CHANGE, host.tenant_id)
    with transaction.atomic():
        AbuseAuthority.objects.filter(tenant=host.tenant, did=did).delete()
        _record_change(actor, host, f"{did}, no longer")


def authorities(tenant: Tenant) -> list[AbuseAuthority]:
    """Those whose notices a tenant takes."""
    return list(AbuseAuthority.objects.filter(tenant=tenant).order_by("did"))


def _record_change(actor: StaffUser, host: Host, said: str) -> None:
    audit.record_at_host(actor, host, AuditEntry.Action.ABUSE_AUTHORITY_CHANGE, said)


def _act(notice: AbuseNotice) -> None:
    """Take down what the notice names of accounts at its host, each on the record, in the caller's
    transaction."""
    acted = 0
    for account, name, asked in _named(notice):
        with suppress(XrpcError), transaction.atomic():  # gone meanwhile, or not here
            actions.perform(name, notice.authority, account, asked)
            acted += 1
    AbuseNotice.objects.filter(pk=notice.pk).update(acted=acted)


def _named(notice: AbuseNotice) -> Iterator[tuple[Account, str, ActionInput]]:
    reason = f"abuse notice {notice.notice_id}, {notice.kind}"
    for subject in notice.subjects:
        accounts = Account.objects.of(notice.host).open().select_related("host__tenant")
        account = accounts.filter(did=subject["accountDid"]).first()
        if account is None:
            continue
        for each in subject.get("records", ()):
            if path := _path(each["uri"], account.did):
                yield account, "take_down_record", ActionInput(reason, record=path)
        for link in subject.get("blobCids", ()):
            with suppress(cid.InvalidCid):
                yield account, "take_down_blob", ActionInput(reason, blob=cid.from_text(link))


def _path(uri: str, did: str) -> str:
    """`collection/rkey` of a record of this account, else nothing."""
    try:
        parsed = AtUri.parse(uri)
    except InvalidSyntax:
        return ""
    is_theirs = parsed.authority == did and parsed.collection and parsed.rkey
    return f"{parsed.collection}/{parsed.rkey}" if is_theirs else ""
