"""Restores a firehose after its database came back from a backup: ahead of its readers.

Relays remember the last `seq` they saw and ignore what is not beyond it, or are told FutureCursor
and stay away. So a host's counter jumps further than it can have run since the backup. Its accounts
may have written what the backup does not know: each says again who it is and where its repo stands
(#account, #identity, #sync), under a new commit that is later than any that got lost.
Source: atproto.com/specs/sync, "Sequence numbers"; com.atproto.sync.subscribeRepos.
"""

from collections.abc import Iterator
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from repos.lifecycle import account_signals
from repos.models import FirehoseRestore, Repo
from server.database import connection

STEP: Final = 10_000_000  # a million events a day, for ten days
SEQ_MAX: Final = 2**53  # of another deployment: what numbers of JSON hold
BATCH: Final = 100  # accounts in one transaction: some 300 events

# The platform's counter (host 0) first, as the sequencer takes them, so that neither waits for the
# other. Its jump is for tailers that ran on while the database was exchanged.
_JUMP = """
    INSERT INTO event_counter AS c (host_id, last_seq) VALUES (%s, %s)
    ON CONFLICT (host_id) DO UPDATE SET last_seq = c.last_seq + excluded.last_seq
    RETURNING last_seq
"""
# Its tenant's labels have readers of the same kind (moderation.labels.events).
_JUMP_OF_LABELS = "UPDATE label_counter SET last_seq = last_seq + %s WHERE labeler_id IN (0, %s)"
# So has the relay (relay.events.stream), whose hosts we all are.
_JUMP_OF_RELAY = "UPDATE relay_counter SET last_seq = last_seq + %s"


def restore(host: Host, step: int = STEP) -> Iterator[int]:
    """Jump, then announce all accounts of a host; yields how many after each batch.

    One that was interrupted goes on where it stopped, without another jump.
    """
    run = FirehoseRestore.objects.filter(host_id=host.pk, ended_at=None).first()
    run = run or _begin(host, step)
    while (announced := _announce_batch(run)) > 0:
        yield announced
    run.ended_at = timezone.now()
    run.save(update_fields=["ended_at"])


def _begin(host: Host, step: int) -> FirehoseRestore:
    with transaction.atomic():
        for counter in (0, host.pk):
            connection.row(_JUMP, (counter, step))
        connection.execute(_JUMP_OF_LABELS, (step, host.tenant_id))
        connection.execute(_JUMP_OF_RELAY, (step,))
        return FirehoseRestore.objects.create(host_id=host.pk, step=step)


def _announce_batch(run: FirehoseRestore) -> int:
    """The next accounts that have a repo, and the place reached, in one transaction."""
    with transaction.atomic():
        repos = Repo.objects.filter(host_id=run.host_id, pk__gt=run.last_repo_id)
        repo_ids = list(repos.order_by("pk").values_list("pk", flat=True)[:BATCH])
        for account in Account.objects.filter(pk__in=repo_ids).order_by("pk"):
            account_signals.announce_again(account)
        if repo_ids:
            run.last_repo_id = repo_ids[-1]
            run.save(update_fields=["last_repo_id"])
    return len(repo_ids)
