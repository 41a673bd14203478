"""What is in an export of evidence: all that a host has about a DID, with a signed list.

`manifest.jws` is the list of all other files with their SHA-256, signed by the host's key (ES256),
whose public half stands in the host's `/oauth/client-metadata.json`. How to verify it:
docs/moderators.md.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
from django.utils import timezone

from accounts.models import Account
from accounts.oauth.own_client import documents, keys
from hosting.mail.models import OutgoingMail
from moderation.models import (
    AuditEntry,
    Decision,
    Evidence,
    EvidenceExport,
    HeldFile,
    Report,
    Strike,
)
from repos.account_transfer.archives import contents, private_data
from repos.account_transfer.archives.zip_stream import Member
from repos.reads import exports, repos
from repos.reads.refusals import RepoNotFound

README: Final = """\
Evidence about {did}, exported by {host} at {at}.

repo.car         the repository as it was signed
blobs/           its files, those that were taken down as well; blobs.jsonl lists them
private/         account, sessions, sign-ins, mail and whatever else the host keeps of it
staff/           what staff did and decided, reports, and the copies that were made of reported
                 records
manifest.jws     the SHA-256 of each of these files, signed by the host (ES256, compact JWS); its
                 payload is manifest.json. Public key: https://{host}/oauth/client-metadata.json
"""
_JSON_BYTES: Final = 50_000_000  # of one list, about
_CAR_BYTES: Final = 2_200_000_000  # beyond 2 GB the header is another
_ENTRY: Final = (
    "id", "created_at", "staff__username", "actor", "action", "stage", "subject_record",
    "subject_cid", "ref", "reason",
)  # fmt: skip
_DECISION: Final = (
    "id", "created_at", "action", "rule", "words", "record", "cid", "until", "told_at", "undone_at",
    "appealed_at", "appeal", "outcome", "outcome_words",
)  # fmt: skip
_REPORT: Final = (
    "id", "created_at", "reported_by", "reason_type", "reason", "subject_uri", "subject_cid", "tool"
)  # fmt: skip


def members(export: EvidenceExport) -> Iterator[Member]:
    """The files in the order in which they are to be written, each to be read before the next is
    asked for; the signed list comes last."""
    found: dict[str, dict[str, Any]] = {}
    for member in _members(export):
        yield replace(member, chunks=_noted(member, found))
    made_at = timezone.now()
    manifest = {
        "did": export.did,
        "host": export.host.hostname,
        "export": export.pk,
        "madeAt": made_at.isoformat(),
        "files": found,
    }
    yield Member("manifest.json", [orjson.dumps(manifest)], _JSON_BYTES, is_text=True)
    key = documents.key_of(export.host)
    signed = keys.sign(key, {"typ": "JWT", "kid": key.thumbprint()}, manifest)
    yield Member("manifest.jws", [signed.encode()], _JSON_BYTES, is_text=True)


def _members(export: EvidenceExport) -> Iterator[Member]:
    yield Member("README.txt", [_readme(export)], 10_000, is_text=True)
    account = Account.objects.filter(pk=export.repo_id, host=export.host).first()
    yield Member("repo.car", _car(export), _CAR_BYTES)
    yield from contents.blobs_of(export.repo_id, with_quarantined=True)
    if account is not None:
        for name, rows in private_data.of_account(account).items():
            yield _json(f"private/{name}", rows)
    elif export.hold is not None:
        for file in HeldFile.objects.filter(hold=export.hold).order_by("name").iterator():
            yield Member(f"private/{file.name}", [bytes(file.data)], _JSON_BYTES, is_text=True)
    address = export.hold.email if export.hold is not None else getattr(account, "email", "")
    mail = OutgoingMail.objects.filter(host=export.host, recipient=address)
    yield _json(
        "private/mailed.json", mail.values("created_at", "kind", "recipient", "subject", "state")
    )
    yield from _moderation(export)


def _moderation(export: EvidenceExport) -> Iterator[Member]:
    about = {"host": export.host, "did": export.did}
    entries = AuditEntry.objects.filter(host=export.host).about(export.did).order_by("pk")
    yield _json("staff/audit.json", entries.values(*_ENTRY).iterator())
    decisions = Decision.objects.filter(**about).order_by("pk")
    yield _json("staff/decisions.json", decisions.values(*_DECISION).iterator())
    strikes = Strike.objects.filter(**about).order_by("pk")
    yield _json(
        "staff/strikes.json", strikes.values("created_at", "count", "expires_at").iterator()
    )
    hosts = {"host__tenant": export.host.tenant_id}
    reports = Report.objects.filter(subject_did=export.did, **hosts).order_by("pk")
    yield _json("staff/reports.json", reports.values(*_REPORT).iterator())
    for kept in Evidence.objects.filter(**about).order_by("pk").iterator():
        yield Member(f"staff/reported/{kept.pk}.cbor", [bytes(kept.data)], len(kept.data))


def _car(export: EvidenceExport) -> Iterator[bytes]:
    try:
        repo = repos.find_repo(export.host, export.did)
    except RepoNotFound:
        return exports.export_held(export.repo_id)
    if repo.id != export.repo_id:  # the same DID came back, and is another account
        return exports.export_held(export.repo_id)
    return exports.export_repo(repo)


def _readme(export: EvidenceExport) -> bytes:
    at = f"{timezone.now():%Y-%m-%d %H:%M} UTC"
    return README.format(did=export.did, host=export.host.hostname, at=at).encode()


def _json(name: str, rows: Iterable[Mapping[str, Any]]) -> Member:
    return Member(name, contents.as_json(rows), _JSON_BYTES, is_text=True)


def _noted(member: Member, found: dict[str, dict[str, Any]]) -> Iterator[bytes]:
    """The member's bytes; its size and SHA-256 are noted once they are all read."""
    digest, size = hashlib.sha256(), 0
    for chunk in member.chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    found[member.name] = {"bytes": size, "sha256": digest.hexdigest()}
