"""Signs labels of a labeler's older keys anew, so that its stream holds good for who comes later.

Source: atproto.com/specs/label, "Signatures": old ones stop being good with the key in the
identity. Answers to queries are signed anew on their way out (moderation.labels.queries); here it
is done once for all that is kept, a batch at a time, by a worker.
"""

from collections.abc import Iterator
from typing import Final

import structlog
from django.db import transaction

from accounts.identity.plc import client, did_refresh
from moderation.labels import setting_up, signing
from moderation.models import Label, Labeler
from server.jobs import round_robin

_BATCH: Final = 500
_SECONDS_MAX: Final = 30.0  # of a worker at a time; the next run goes on

logger = structlog.stdlib.get_logger(__name__)


def take_next_keys() -> None:
    """Labelers whose next key has reached the identity sign with it from now on. Safe to repeat."""
    for labeler in Labeler.objects.exclude(next_did_key="").select_related("account"):
        try:
            _newest, data = did_refresh.ask_directory(labeler.did)
        except client.Unsettled:
            continue
        if data and data.verification_methods.get(setting_up.METHOD) == labeler.next_did_key:
            setting_up.take_published(labeler, labeler.next_did_key)


def sign_anew() -> None:
    """Sign what older keys signed, a batch of each labeler in turn, for some seconds. May be
    repeated, and run twice at once."""
    behind = Labeler.objects.filter(has_older_signatures=True)
    round_robin.run([_sign(each) for each in behind], _SECONDS_MAX)


def _sign(labeler: Labeler) -> Iterator[None]:
    """Sign all of one labeler's anew; a step is a batch."""
    key = signing.key_of(labeler.pk, labeler.signing_did_key)
    older = Label.objects.of(labeler).exclude(key_id=labeler.signing_did_key)
    last = 0
    while True:
        with transaction.atomic():
            rows = list(older.filter(pk__gt=last).order_by("pk").select_for_update()[:_BATCH])
            for row in rows:
                row.body = signing.signed_anew(bytes(row.body), key)
                row.key_id = labeler.signing_did_key
            Label.objects.bulk_update(rows, ["body", "key_id"])
        if len(rows) < _BATCH:
            break
        last = rows[-1].pk
        yield
    unchanged = Labeler.objects.filter(pk=labeler.pk, signing_did_key=labeler.signing_did_key)
    unchanged.update(has_older_signatures=False)
    logger.info("labels signed anew", did=labeler.did)
