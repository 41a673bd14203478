"""What an upload meets before its bytes are stored: the limits of its account and its tenant, and
what is known of the bytes.

Source: atproto.com/specs/blob; how a plan limits files: hosting.plans.
"""

from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.status import AccountFrozen
from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.plans.quotas import QuotaExceeded
from protocol.errors import InvalidRequest
from repos.blobs import files
from repos.blobs.files import Place
from repos.models import Blob
from repos.reads.repos import RepoRow
from server.database.prepared import (
    BIGINT,
    BYTEA,
    TEXT,
    TRUE,
    Statement,
    bigint,
    bigint_or_null,
    number,
    number_or_none,
    text_or_none,
)
from server.web.bodies.decoded_bodies import PayloadTooLarge

# What is known when the bytes are all there. Bytes that are known are safe from the sweep anew. For
# others that fit the quota a file's deletion is scheduled, which comes before the file.
_LOOK_UP = Statement(
    """
    WITH known AS (
        UPDATE blob SET changed_at = now() WHERE repo_id = $1 AND cid = $3
        RETURNING mime_type, state
    ), own AS (
        SELECT limits FROM account_limits WHERE account_id = $1
    ), facts AS (
        SELECT coalesce(u.used_bytes, 0) AS used,
            CASE WHEN o.limits ? 'account-blob-bytes'
                THEN (o.limits ->> 'account-blob-bytes')::bigint ELSE $4 END AS quota,
            CASE WHEN o.limits ? 'account-uploads-a-day'
                THEN (o.limits ->> 'account-uploads-a-day')::bigint ELSE $9 END AS uploads,
            EXISTS (SELECT FROM blob_use WHERE repo_id = $1 AND cid = $3) AS is_awaited,
            (SELECT CASE WHEN held_at IS NOT NULL THEN 'held'
                WHEN coalesce(uploads_blocked_at, suspended_at) IS NOT NULL THEN 'blocked' END
                FROM account WHERE id = $1) AS refusal,
            format('%s/%s/%s', $6, h.tenant_id, $7) AS key
        FROM host h LEFT JOIN blob_usage u ON u.repo_id = $1 LEFT JOIN own o ON true
        WHERE h.id = $2
    ), room AS (
        SELECT CASE WHEN is_awaited THEN quota * $10 ELSE quota END AS quota, used,
            CASE WHEN NOT is_awaited THEN uploads END AS uploads, is_awaited, refusal, key
        FROM facts
    ), scheduled AS (
        INSERT INTO file_deletion (key, due_at) SELECT key, now() + $8 * interval '1 second'
        FROM room WHERE refusal IS NULL AND NOT EXISTS (SELECT FROM known)
            AND (quota IS NULL OR used + $5 <= quota)
        RETURNING key
    )
    SELECT r.quota, r.used, r.uploads, r.is_awaited, r.refusal, k.mime_type, k.state, s.key
    FROM room r LEFT JOIN known k ON true LEFT JOIN scheduled s ON true
    """,
    (BIGINT, BIGINT, BYTEA, BIGINT, BIGINT, TEXT, TEXT, BIGINT, BIGINT, BIGINT),
)
# Bytes that a record of an import waits for are let in beyond the quota, so that nobody moves in by
# half: up to so many times the quota, and whatever the tenant's.
MOVED_IN_TIMES: Final = 10


class BlobTooLarge(PayloadTooLarge):
    """413: more bytes than the host takes in a blob."""

    template = "The blob is too large. Max: {} bytes"


class BlobQuotaExceeded(QuotaExceeded):
    """413: the account's or the tenant's files would come to more than the plan allows, or are as
    many as it allows in a day. Records still go in."""

    name = "BlobQuotaExceeded"
    status = 413


class BlobTakendown(InvalidRequest):
    """400 without a name of its own: these bytes were taken down in this repo."""

    message = "Blob has been takendown, cannot re-upload"


class UploadsBlocked(InvalidRequest):
    """400: the host's staff let this account upload nothing. Records still go in."""

    name = "UploadsBlocked"
    message = "This account may not upload files"
    page_text = _("Your account may not upload files at the moment.")


class Facts(NamedTuple):
    """What _LOOK_UP tells. `quota` and `used` are bytes, `uploads` new files in a day, `is_awaited`
    that a record waits for the bytes; `key` is the new file's, which is scheduled to be deleted."""

    quota: int | None
    used: int
    uploads: int | None
    is_awaited: bool
    known_type: str | None
    state: str | None
    key: str | None


def look_up(repo: RepoRow, cid: bytes, size: int) -> Facts:
    """Raises AccountFrozen, UploadsBlocked, BlobTakendown."""
    limits = quotas.of_host(repo.host_id).of_account
    rows = _LOOK_UP.rows(
        bigint(repo.id),
        bigint(repo.host_id),
        cid,
        bigint_or_null(limits.get(Limit.ACCOUNT_BLOB_BYTES)),
        bigint(size),
        Place.PUBLIC.value.encode(),
        files.new_name(repo.did, cid).encode(),
        bigint(int(files.UNCLAIMED_FOR.total_seconds())),
        bigint_or_null(limits.get(Limit.ACCOUNT_UPLOADS_A_DAY)),
        bigint(MOVED_IN_TIMES),
    )
    if not rows:
        raise RuntimeError(f"host {repo.host_id} of {repo.did} is gone")
    quota, used, uploads, is_awaited, refusal, *texts = rows[0]
    if refusal is not None:
        raise AccountFrozen if refusal == b"held" else UploadsBlocked
    numbers = number_or_none(quota), number(used), number_or_none(uploads)
    facts = Facts(*numbers, is_awaited == TRUE, *map(text_or_none, texts))
    if facts.state == Blob.State.QUARANTINED:
        raise BlobTakendown
    return facts


def check_day(repo: RepoRow, facts: Facts) -> None:
    """A tenant's new files of today, as of its last count. Raises BlobQuotaExceeded."""
    value, used = quotas.of_host(repo.host_id).of_tenant.get(Limit.UPLOADS_A_DAY, (None, 0))
    is_new = facts.known_type is None and not facts.is_awaited
    if value is not None and is_new and used + 1 > value:
        raise BlobQuotaExceeded(Limit.UPLOADS_A_DAY, value, used)


def limits_of(repo: RepoRow, facts: Facts) -> dict[Limit, int | None]:
    """What holds for these bytes."""
    known = quotas.of_host(repo.host_id)
    of_tenant = None if facts.is_awaited else known.of_tenant.get(Limit.BLOB_BYTES)
    return {
        Limit.ACCOUNT_BLOB_BYTES: facts.quota,
        Limit.ACCOUNT_UPLOADS_A_DAY: facts.uploads,
        Limit.BLOB_BYTES: of_tenant[0] if of_tenant else None,
    }
