"""What is in an archive: the repo as a CAR, its blobs with a list of them, private data as JSON.

The CAR is of one moment (repos.reads.exports), blobs are those that records refer to as they are
read. A blob whose bytes went meanwhile, or never came, stands in the list alone, and says so.
"""

import mimetypes
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

import orjson

from accounts.models import Account
from protocol import cid
from repos.account_transfer.archives import private_data
from repos.account_transfer.archives.private_data import Rows
from repos.account_transfer.archives.zip_stream import Member
from repos.blobs import files
from repos.blobs.missing import list_missing
from repos.models import Blob, BlobUsage
from repos.reads import exports
from repos.reads.repos import RepoRow
from server.database import connection
from server.storage.temporary_files import TemporaryFile

README: Final = """\
This is everything that {host} keeps of {name} ({did}).

repo.car       the repository: posts, likes, follows and all other records, signed. Any host can
               import it.
blobs/         pictures and other files, named by their CIDs
blobs.jsonl    a line for each of them: CID, type, size, the file's name here; or what is missing
*.json         what is private: the account, preferences, where it is signed in and with which
               second factors, apps and their permissions, invites, changes and recovery keys of
               its identity, mail, reports made, decisions. Nothing secret is in it.
"""
_PAGE: Final = 200
_PIECE_BYTES: Final = 262_144
_JSON_BYTES: Final = 1_000_000  # of private data, about
_MIB: Final = 1_048_576
_RECORD_BYTES: Final = """
    SELECT (SELECT coalesce(sum(octet_length(data) + 41), 0) FROM record WHERE repo_id = %s)
         + (SELECT coalesce(sum(octet_length(data) + 41), 0) FROM node WHERE repo_id = %s)
"""
_BLOBS: Final = """
    SELECT cid, mime_type, size, state, key FROM blob
    WHERE repo_id = %s AND cid > %b AND state IN ('live', 'quarantined') ORDER BY cid LIMIT %s
"""


def expected_bytes(repo_id: int) -> int:
    """What an archive will have, about: by it progress is told."""
    used = BlobUsage.objects.filter(pk=repo_id).values_list("used_bytes", flat=True).first()
    return _repo_bytes(repo_id) + int(used or 0) + _JSON_BYTES // 100


def members(account: Account, repo: RepoRow) -> Iterator[Member]:
    """The files of the archive, in the order in which they are to be written, each to be read
    before the next is asked for."""
    yield Member("README.txt", [_readme(account)], _PIECE_BYTES, is_text=True)
    yield Member("repo.car", exports.export_repo(repo), _repo_bytes(repo.id) + _MIB)
    yield from blobs_of(repo.id)
    for name, rows in private_data.of_account(account).items():
        yield Member(name, as_json(rows), _JSON_BYTES, is_text=True)


def _readme(account: Account) -> bytes:
    name = account.handle or account.did
    return README.format(host=account.host.hostname, name=name, did=account.did).encode()


def _repo_bytes(repo_id: int) -> int:
    found = connection.row(_RECORD_BYTES, (repo_id, repo_id))
    return int(found[0]) if found else 0


def blobs_of(repo_id: int, *, with_quarantined: bool = False) -> Iterator[Member]:
    """Each blob's bytes, and in the end the list of them, `blobs.jsonl`. `with_quarantined`: also
    those that were taken down."""
    with TemporaryFile() as listed:
        yield from _blobs(repo_id, listed, with_quarantined)
        size = listed.tell()
        listed.seek(0)
        yield Member("blobs.jsonl", _pieces(listed), size, is_text=True)


def as_json(rows: Rows) -> Iterator[bytes]:
    """Rows as a JSON list, a line an entry."""
    return _joined(orjson.dumps(dict(row), default=str) for row in rows)


def _blobs(repo_id: int, listed: IO[bytes], with_quarantined: bool) -> Iterator[Member]:
    """Each blob's bytes; a line of each goes to `listed`."""
    cursor = b""
    while page := connection.rows(_BLOBS, (repo_id, cursor, _PAGE)):
        for blob_cid, mime_type, size, state, key in page:
            line = {"cid": cid.to_text(blob_cid), "mimeType": mime_type, "size": size}
            is_hidden = state == Blob.State.QUARANTINED and not with_quarantined
            file = None if is_hidden else _opened(key)
            if file is None:
                is_taken_down = state == Blob.State.QUARANTINED
                listed.write(_line({**line, "missing": "taken down" if is_taken_down else "lost"}))
                continue
            line["file"] = f"blobs/{line['cid']}{mimetypes.guess_extension(mime_type) or ''}"
            listed.write(_line(line))
            with file:
                yield Member(line["file"], _pieces(file), size)
        cursor = page[-1][0]
    for absent in _absent(repo_id):
        listed.write(_line(absent))


def _absent(repo_id: int) -> Iterator[dict[str, Any]]:
    """Blobs that records name and that never came here."""
    cursor = b""
    while page := list_missing(repo_id, _PAGE, cursor):
        for blob in page:
            yield {"cid": cid.to_text(blob.cid), "record": blob.path, "missing": "never came"}
        cursor = page[-1].cid


def _opened(key: str) -> IO[bytes] | None:
    try:
        return files.read(key)
    except FileNotFoundError:
        return None


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _joined(entries: Iterable[bytes]) -> Iterator[bytes]:
    between = b"[\n"
    for entry in entries:
        yield between + entry
        between = b",\n"
    yield b"\n]\n" if between == b",\n" else b"[]\n"


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value) + b"\n"
