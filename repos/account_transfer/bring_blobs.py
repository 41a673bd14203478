"""Missing blobs that their owner brings as files: each belongs to the record that names its CID."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.models import Account
from hosting import limits
from hosting.limits import Charge
from protocol.errors import XrpcError
from repos.blobs import uploads
from repos.blobs.missing import is_missing
from repos.reads import repos


@dataclass
class Brought:
    """What became of some files: how many were taken, and the names of those that no record waits
    for or that were refused, with the reason."""

    taken_count: int = 0
    unknown: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def take(account: Account, files: Sequence["UploadedFile[Any]"]) -> Brought:
    """Keep the files that records of the account wait for. Raises RateLimitExceeded."""
    repo, brought = repos.find_repo(account.host, account.did), Brought()
    limit_bytes = account.host.blob_limit_bytes or settings.BLOB_LIMIT_BYTES
    if settings.RATE_LIMITS:
        limits.spend_charges(account.host, [Charge(limits.UPLOAD_BLOB, (account.did,), len(files))])
    for file in files:
        try:
            with uploads.receive(file, limit_bytes, file.file) as received:
                if not is_missing(repo.id, received.cid):
                    brought.unknown.append(file.name or "")
                    continue
                uploads.keep(repo, received, file.content_type)
        except XrpcError as refusal:
            brought.refused.append((file.name or "", refusal.for_page()))
        else:
            brought.taken_count += 1
    return brought
