"""Invite codes: made by the host as gifts, spent at sign-up, disabled.

Source: com.atproto.server.createInviteCodes, createAccount and com.atproto.admin.*. What accounts
earn by themselves: accounts.invites.earned. A use is counted by one update that must change exactly
one row, so racing sign-ups never overuse a code.
"""

import base64
import secrets
from collections.abc import Collection, Iterable

from django.db import connection as django_connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, InviteCode, InviteUse
from hosting.models import Host
from protocol.errors import InvalidRequest, XrpcError
from server.database import connection

CODES_MAX = 10_000  # made in one call
_USES_MAX = 2**31 - 1
_GIVE = """
    INSERT INTO invite_code (host_id, code, for_account, created_by, available_count,
        used_count, is_disabled, created_at)
    SELECT %s, given.code, given.owner, %s, %s, 0, false, now()
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (owner, code, place)
    ORDER BY place
"""
_DISABLE = """
    WITH ended AS (
        UPDATE invite_code SET is_disabled = true
        WHERE host_id = %s AND NOT is_disabled AND (code = ANY (%s) OR for_account = ANY (%s))
        RETURNING id
    ) SELECT count(*) FROM ended
"""
_PERMIT = """
    INSERT INTO invite_permission (account_id, is_disabled, note) VALUES (%s, %s, %s)
    ON CONFLICT (account_id) DO UPDATE SET is_disabled = excluded.is_disabled, note = excluded.note
"""
_RANDOM_BYTES = 7  # two groups of five base32 characters, and some bits to drop


class InvalidInviteCode(XrpcError):
    """400: this host takes people with an invite code, and this is none, or no longer."""

    name = "InvalidInviteCode"
    field = "invite_code"
    message = "Provided invite code not available"
    page_text = _("This invite code is not valid.")


class InviteCodeMissing(InvalidInviteCode):
    """400: none was given."""

    message = "No invite code provided"
    page_text = _("Sign-up here needs an invite code.")


def new_code(host: Host) -> str:
    """`pds.acme.example` -> `pds-acme-example-k3vtb-q2x7m`."""
    text = base64.b32encode(secrets.token_bytes(_RANDOM_BYTES)).decode().lower()
    return f"{host.hostname.replace('.', '-')}-{text[:5]}-{text[5:10]}"


def give(
    host: Host, *, for_accounts: Collection[str] = (), codes_each: int, uses_each: int
) -> dict[str, list[str]]:
    """Make codes as gifts, by DID; for the host itself (`admin`) when no DID is given.

    Raises InvalidRequest for numbers that make no sense.
    """
    owners = list(dict.fromkeys(for_accounts)) or [InviteCode.ADMIN]
    if not (codes_each >= 1 and codes_each * len(owners) <= CODES_MAX):
        raise InvalidRequest(f"codeCount must be between 1 and {CODES_MAX}")
    if not 1 <= uses_each <= _USES_MAX:
        raise InvalidRequest("useCount must be at least 1")
    given = {owner: [new_code(host) for _ in range(codes_each)] for owner in owners}
    pairs = [(owner, code) for owner, codes in given.items() for code in codes]
    owners, codes = [owner for owner, _ in pairs], [code for _, code in pairs]
    with django_connection.wrap_database_errors:
        connection.execute(_GIVE, (host.pk, InviteCode.ADMIN, uses_each, owners, codes))
    return given


def check(host: Host, code: str | None) -> str:
    """The code in its normal form, when it is good for a sign-up right now.

    Raises InvalidInviteCode.
    """
    code = (code or "").strip().lower()
    if not code:
        raise InviteCodeMissing
    found = InviteCode.objects.of(host).usable().filter(code=code).first()
    if found is None or _is_owner_taken_down(found):
        raise InvalidInviteCode
    return code


def spend(host: Host, code: str, did: str) -> None:
    """Count a use by a new account, in the transaction that writes its row.

    Raises InvalidInviteCode for the losers of a race.
    """
    usable = InviteCode.objects.of(host).usable().filter(code=code)
    if usable.update(used_count=F("used_count") + 1) != 1:
        raise InvalidInviteCode
    InviteUse.objects.create(code=InviteCode.objects.get(code=code), used_by=did)


def give_back(host: Host, did: str) -> None:
    """Undo the use of a sign-up that came to nothing, in the transaction that drops its row."""
    for use in InviteUse.objects.filter(code__host=host, used_by=did):
        InviteCode.objects.filter(pk=use.code_id).update(used_count=F("used_count") - 1)
        use.delete()


def disable(host: Host, codes: Iterable[str], accounts: Collection[str]) -> int:
    """Disable single codes and all codes of accounts (DIDs); how many those were.

    Raises InvalidRequest for `admin`, whose codes nobody can name by their owner.
    """
    if InviteCode.ADMIN in accounts:
        raise InvalidRequest("cannot disable admin invite codes")
    with django_connection.wrap_database_errors:
        row = connection.row(_DISABLE, (host.pk, [code.lower() for code in codes], list(accounts)))
    return int(row[0]) if row else 0


def set_permission(account: Account, *, is_disabled: bool, note: str = "") -> None:
    """Whether an account may earn codes. Codes that it has stay as they are."""
    with django_connection.wrap_database_errors:
        connection.execute(_PERMIT, (account.pk, is_disabled, note[:2000]))


def _is_owner_taken_down(code: InviteCode) -> bool:
    owners = {code.for_account, code.created_by} - {InviteCode.ADMIN}
    accounts = Account.objects.filter(host_id=code.host_id, did__in=owners)
    return accounts.filter(taken_down_at__isnull=False).exists()
