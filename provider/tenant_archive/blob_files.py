"""The files of an archive's account, stored here: each held against its CID, and against what is
denied here. How large one is, its bytes say."""

from accounts.models import Account
from protocol import cid
from provider.tenant_archive.container import BrokenArchive
from provider.tenant_archive.reading import Reader
from repos.blobs import files, scanning
from repos.blobs.files import Place
from repos.blobs.types import mime_types
from repos.models import Blob
from server.database import connection

_STORE = """
    INSERT INTO blob (repo_id, cid, mime_type, size, state, key, changed_at, created_at)
    VALUES (%s, %b, %s, %s, %s, %s, now(), now())
"""


def store(reader: Reader, old_id: int, account: Account, *, is_staged: bool = False) -> int:
    """Store the files that the account has not got, in the caller's transaction; how many.
    `is_staged`: until a record refers to them. Raises BrokenArchive."""
    known = Blob.objects.filter(repo_id=account.pk).values_list("cid", flat=True)
    here = {bytes(each) for each in known}
    count = 0
    for line in reader.rows(f"blobs/{old_id}.jsonl"):
        blob_cid = cid.from_text(line["cid"])
        if line.get("missing") or blob_cid in here:
            continue
        is_denied = scanning.is_denied(account.host_id, blob_cid)
        is_hidden = is_denied or line["state"] == Blob.State.QUARANTINED
        place = Place.QUARANTINE if is_hidden else Place.PUBLIC
        key = files.new_key(place, account.host.tenant_id, account.did, blob_cid)
        member = f"blobs/{old_id}/{line['cid']}"
        size = files.write_checked(key, reader.pieces(member), blob_cid)
        if size is None:
            raise BrokenArchive(f"{member} has another content than its CID says.")
        shown = Blob.State.STAGED if is_staged else line["state"]
        state = Blob.State.QUARANTINED if is_hidden else shown
        values = (account.pk, blob_cid, mime_types.plain(line["mimeType"]), size, state, key)
        connection.execute(_STORE, values)
        files.forget([key])
        count += 1
    return count
