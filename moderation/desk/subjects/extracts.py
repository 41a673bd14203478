"""Extracts: of many cases at once, the handle of whom each is about and the beginning of what they
wrote, as far as it is at the case's host."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accounts.models import Account
from moderation.desk.subjects import rendering
from moderation.models import Case
from server.database import connection

TEXT_MAX_CHARS: Final = 140
_RECORD_MAX_BYTES: Final = 32_768
_RECORDS: Final = """
    SELECT w.id, r.data FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[])
        w(id, repo_id, collection, rkey)
    JOIN record r ON r.repo_id = w.repo_id AND r.collection = w.collection AND r.rkey = w.rkey
    WHERE octet_length(r.data) <= %s
"""


@dataclass(frozen=True, slots=True)
class Extract:
    """What a line of the queue says of a subject; empty where nothing is known."""

    handle: str = ""
    text: str = ""


def of_cases(cases: Sequence[Case]) -> dict[int, Extract]:
    """By the number of the case; in two statements, however many there are."""
    dids, hosts = {each.subject_did for each in cases}, {each.host_id for each in cases}
    rows = Account.objects.open().filter(host__in=hosts, did__in=dids)
    known = {
        (host, did): (pk, handle)
        for pk, host, did, handle in rows.values_list("pk", "host_id", "did", "handle")
    }
    whose = {each.pk: known.get((each.host_id, each.subject_did)) for each in cases}
    texts = _texts([(each, who[0]) for each in cases if (who := whose[each.pk]) is not None])
    return {pk: Extract((who and who[1]) or "", texts.get(pk, "")) for pk, who in whose.items()}


def _texts(named: Sequence[tuple[Case, int]]) -> dict[int, str]:
    records = [(case, account) for case, account in named if case.collection]
    if not records:
        return {}
    paths = [case.path.partition("/") for case, _account in records]
    columns = (
        [case.pk for case, _account in records],
        [account for _case, account in records],
        [collection for collection, _slash, _rkey in paths],
        [rkey for _collection, _slash, rkey in paths],
    )
    rows = connection.rows(_RECORDS, (*columns, _RECORD_MAX_BYTES))
    return {pk: _beginning(rendering.of_block(bytes(data))) for pk, data in rows}


def _beginning(shown: rendering.Shown) -> str:
    text = "".join(piece.text for piece in shown.pieces) or next(
        (value for _name, value in shown.fields), ""
    )
    words = " ".join(text.split())
    return words if len(words) <= TEXT_MAX_CHARS else f"{words[: TEXT_MAX_CHARS - 1]}…"
