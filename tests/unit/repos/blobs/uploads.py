"""Uploads and records that refer to them, for the tests of blobs."""

import io
from pathlib import Path

from protocol import cid
from repos.blobs import uploads
from repos.blobs.blob_refs import BlobRef
from repos.commits import group_commit, writes
from repos.reads.repos import RepoRow

THING = "com.example.thing"


def upload(repo: RepoRow, data: bytes, mime_type: str | None = "text/plain") -> BlobRef:
    return uploads.stage(repo, io.BytesIO(data), mime_type, len(data), 1_000_000)


def using(*refs: BlobRef) -> dict[str, object]:
    """A record value that refers to blobs."""
    return {
        "blobs": [
            {
                "$type": "blob",
                "ref": {"$link": cid.to_text(ref.cid)},
                "mimeType": ref.mime_type,
                "size": ref.size,
            }
            for ref in refs
        ]
    }


def put(repo: RepoRow, rkey: str, *refs: BlobRef) -> None:
    group_commit.apply_writes(repo, [writes.put(THING, rkey, using(*refs))])


def delete(repo: RepoRow, rkey: str) -> None:
    group_commit.apply_writes(repo, [writes.delete(THING, rkey)])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
