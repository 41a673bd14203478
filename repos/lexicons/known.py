"""Known lexicons of the network: a table of what was resolved, what was not, what is due.

A DID change is suspicious: whoever takes over a lapsed domain would decide what other people's
records must look like. So the DID that an NSID was first resolved by stays its authority, and
another one is noted and not believed until staff accepts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db.models import Q
from django.utils import timezone

from protocol import cbor
from repos.lexicons.publications import Publication
from repos.models import NetworkLexicon
from server.database import connection

logger = structlog.stdlib.get_logger(__name__)

FRESH: Final = timedelta(days=1)
REFUSAL: Final = timedelta(hours=1)
TIMEOUT_PAUSE: Final = timedelta(minutes=5)
KEPT: Final = timedelta(days=7)  # a failure that nobody asks about any more
MAX_WANTED: Final = 1_000  # NSIDs may be anybody's inventions, and each costs a question
NEEDED_FOR: Final = timedelta(days=90)  # after that it is one of those that were looked at
# Lexicons that are kept; anybody can publish any number, and have us look at them.
MAX_LOOKED_AT: Final = 5_000
MAX_NEEDED: Final = 20_000  # by records that were written here and by what apps were granted

# Wanted again when its time has come; a new one while there are not too many already.
WANT = f"""
    INSERT INTO network_lexicon (nsid, is_wanted, due_at, did, failure, claimed_did, needed_at)
    SELECT %(nsid)s, true, now(), '', '', '', now()
    WHERE (SELECT count(*) FROM network_lexicon WHERE is_wanted) < {MAX_WANTED}
       OR EXISTS (SELECT 1 FROM network_lexicon WHERE nsid = %(nsid)s)
    ON CONFLICT (nsid) DO UPDATE SET is_wanted = true, needed_at = now()
    WHERE NOT network_lexicon.is_wanted AND network_lexicon.due_at <= now()
    RETURNING 1
"""  # noqa: S608 - a number of our own

# Of too many, those go that were not needed, or not looked at, for the longest time.
TRIM = """
    DELETE FROM network_lexicon WHERE nsid IN (
        (SELECT nsid FROM network_lexicon
         WHERE document IS NOT NULL AND (needed_at IS NULL OR needed_at < %(since)s)
         ORDER BY resolved_at DESC OFFSET %(looked_at)s)
        UNION ALL
        (SELECT nsid FROM network_lexicon
         WHERE document IS NOT NULL AND needed_at >= %(since)s
         ORDER BY needed_at DESC OFFSET %(needed)s)
    )
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the table says of an NSID: a document or None, and whether it should be looked up."""

    publication: Publication | None
    is_due: bool


def find(nsid: str) -> Kept | None:
    """What is known of an NSID; None when nobody ever asked."""
    row = NetworkLexicon.objects.filter(pk=nsid).first()
    if row is None:
        return None
    return Kept(_publication(row), row.due_at <= timezone.now())


def last_good(nsid: str, since: datetime) -> Publication | None:
    """The document of an NSID, if the network had it at some time since then."""
    row = NetworkLexicon.objects.filter(pk=nsid, resolved_at__gte=since).first()
    return None if row is None else _publication(row)


def want(nsid: str) -> None:
    """Have a worker look up an NSID, unless it did so lately, or too many are wanted."""
    connection.row(WANT, {"nsid": nsid})


def need(nsid: str) -> None:
    """Keep an NSID among those that somebody here depends on."""
    now = timezone.now()
    is_news = Q(needed_at=None) | Q(needed_at__lt=now - FRESH)
    NetworkLexicon.objects.filter(is_news, pk=nsid).update(needed_at=now)


def wanted(limit: int) -> list[str]:
    """NSIDs to look up now, those that wait longest first."""
    due = NetworkLexicon.objects.filter(is_wanted=True, due_at__lte=timezone.now())
    return list(due.order_by("due_at").values_list("pk", flat=True)[:limit])


def authority(nsid: str) -> str:
    """The DID that an NSID was first resolved by; empty when it never was."""
    return NetworkLexicon.objects.filter(pk=nsid).values_list("did", flat=True).first() or ""


def keep(found: Publication) -> None:
    """Take note of a lexicon that was found. Of those that nobody here depends on only so many are
    kept, those that were looked at last."""
    now = timezone.now()
    values: Mapping[str, Any] = {
        "is_wanted": False,
        "due_at": now + FRESH,
        "did": found.did,
        "cid": found.cid,
        "document": found.block,
        "failure": "",
        "claimed_did": "",
        "resolved_at": now,
    }
    if NetworkLexicon.objects.filter(pk=found.nsid).update(**values):
        return
    NetworkLexicon.objects.get_or_create(nsid=found.nsid, defaults=values)
    most = {"looked_at": MAX_LOOKED_AT, "needed": MAX_NEEDED, "since": now - NEEDED_FOR}
    connection.execute(TRIM, most)


def note_failure(nsid: str, why: str, pause: timedelta) -> None:
    """Take note that a wanted lexicon was not found; an older document stays in use."""
    row = NetworkLexicon.objects.filter(pk=nsid)
    row.update(is_wanted=False, due_at=timezone.now() + pause, failure=why[:500])


def note_claim(nsid: str, did: str) -> None:
    """Take note that the NSID's domain names another DID than the one we know."""
    logger.warning("the domain of a lexicon names another DID", nsid=nsid, did=did)
    row = NetworkLexicon.objects.filter(pk=nsid)
    row.update(is_wanted=False, due_at=timezone.now() + FRESH, claimed_did=did)


def accept_claim(nsid: str) -> bool:
    """Staff: believe the DID that the domain names now. False when there is nothing to accept."""
    claimed = NetworkLexicon.objects.filter(pk=nsid).exclude(claimed_did="")
    return bool(claimed.update(did="", claimed_did="", is_wanted=True, due_at=timezone.now()))


def forget_old() -> None:
    """Failures that nobody asks about any more."""
    old = NetworkLexicon.objects.filter(document=None, due_at__lt=timezone.now() - KEPT)
    old.delete()


def _publication(row: NetworkLexicon) -> Publication | None:
    if row.document is None or row.cid is None:
        return None
    block = bytes(row.document)
    document: Mapping[str, Any] = cbor.decode(block)
    return Publication(row.nsid, row.did, bytes(row.cid), block, document)
