"""The worker of moves: records and preferences copied, and once it is confirmed, the arrival.

Each attempt does the next step that is still to be done, so a killed one costs a repetition of one
step. What is still missing (blobs) comes by repos.blobs.fetching, which the import wakes.
"""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts import signals
from accounts.lifecycle import preferences
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, AccountMigration
from hosting.tenancy import suspension
from protocol.errors import InvalidRequest, XrpcError
from repos.account_transfer.moves import arriving, old_session
from repos.account_transfer.moves.old_host import DOWNLOAD_S
from repos.account_transfer.moves.old_host_calls import (
    OldAnswerUnusable,
    OldHostFailed,
    OldHostSilent,
    OldSessionEnded,
)
from repos.blobs.files import StorageTimedOut
from repos.imports import receive
from repos.imports.jobs import ImportUnderWay
from repos.models import ImportJob, MoveIn
from repos.reads import repos
from server.jobs.back_off import pause_after
from server.jobs.queue import Queue
from server.jobs.renewal import renewed
from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile

LEASE: Final = timedelta(seconds=30)
RENEWED_EVERY_S: Final = 5.0
MAX_ATTEMPTS: Final = 8  # in a row that failed: about two hours
MAX_RUNNING: Final = 2  # the other workers are for people who wait
PREFERENCES_ATTEMPTS: Final = 3  # that met silence
_FIRST_PAUSE: Final = timedelta(seconds=20)
_LONGEST_PAUSE: Final = timedelta(minutes=30)
FIRST_DOWNLOAD_S: Final = 300.0  # then longer: a host that drips holds up others' moves meanwhile
LOOK_AGAIN: Final = timedelta(seconds=2)
_PIECE_BYTES: Final = 262_144
_FOR_NOW: Final = (OldHostSilent, InsufficientStorage, StorageTimedOut, ImportUnderWay)
LOST_IMPORT: Final = gettext_noop("The import was lost. Begin it again.")


class RecordsRefused(InvalidRequest):
    """400: the old host's repo cannot be imported; the message says why."""


def connect() -> None:
    """Connect the receivers; called once when Django is ready."""
    for signal in (signals.account_deleted, signals.account_reopened):
        signal.connect(on_gone, dispatch_uid="repos.moves.on_gone")


def on_gone(account: Account, **_: Any) -> None:
    """The account goes, or is begun anew: so does its move, in the sender's transaction."""
    MoveIn.objects.filter(pk=account.pk).delete()


def run(repo_id: int) -> None:
    """The next step of one move, when it is due. Safe to repeat and to run in two places."""
    move = MoveIn.objects.claim(repo_id, LEASE)
    if move is None:
        return
    account = Account.objects.select_related("host__tenant").filter(pk=repo_id).first()
    if account is None:
        move.delete()
        return
    if suspension.is_put_off(move, account.host_id, move.attempts - 1):
        return
    try:
        with renewed(move, LEASE, RENEWED_EVERY_S):
            is_done = _step(move, account)
    except _FOR_NOW as fault:
        _postpone(move, fault)
    except OldSessionEnded as ended:
        old_session.forget(repo_id)
        move.finish(MoveIn.State.STOPPED, ended.message)
    except XrpcError as refusal:
        move.finish(MoveIn.State.STOPPED, refusal.message)
    else:
        if not is_done:
            move.postpone(timezone.now() + LOOK_AGAIN, "", attempts=0)
        else:
            state = MoveIn.State.DONE if is_arrived(account) else MoveIn.State.COPIED
            move.finish(state, "", attempts=0)


queue: Final = Queue(MoveIn, "repos.move_in", run, running_max=MAX_RUNNING, is_for_workers=True)


def go_on(repo_id: int) -> None:
    """Have the next step tried at once, after something changed or to try again."""
    MoveIn.objects.filter(pk=repo_id).exclude(state=MoveIn.State.RUNNING).update(
        state=MoveIn.State.WAITING, decided_at=None, next_attempt_at=timezone.now(), attempts=0
    )
    queue.wake(repo_id)


def sweep() -> None:
    """Wake what is due, give up what fails each time, forget sessions of a day ago, and go on where
    the DID names this host by now: its owner confirmed that, whatever was cut off since."""
    old_session.forget_old()
    hopeless = MoveIn.objects.due().filter(attempts__gte=MAX_ATTEMPTS)
    hopeless.decide(MoveIn.State.STOPPED)
    arrived = AccountMigration.objects.pending().filter(did_updated_at__isnull=False)
    resting = MoveIn.objects.filter(state=MoveIn.State.COPIED, pk__in=arrived.values("account_id"))
    for repo_id in list(resting.values_list("pk", flat=True)[: queue.batch]):
        go_on(repo_id)
    queue.sweep()


def is_arrived(account: Account) -> bool:
    """Whether the account was activated here."""
    return not move_in.is_moving_in(account)


def _step(move: MoveIn, account: Account) -> bool:
    """One step; whether nothing more is to be done for now. Raises XrpcError."""
    if move.is_host_gone and move.import_job_id is None and not arriving.is_due(move, account):
        return True  # its owner brings a CAR
    if move.records_at is None and (move.import_job_id or not move.is_host_gone):
        return _copy_records(move, account)
    if move.preferences_at is None:
        _copy_preferences(move, account)
        return False
    if arriving.is_due(move, account):
        arriving.arrive(move, account, is_last_attempt=move.attempts >= MAX_ATTEMPTS)
    return True


def _copy_records(move: MoveIn, account: Account) -> bool:
    """Fetch the repo and have it imported, or look how far that is. Never the last step."""
    job_id = move.import_job_id
    if job_id is None:
        _begin_import(move, account)
        return False
    job = ImportJob.objects.filter(pk=job_id, repo_id=account.pk).first()
    if job is None or job.state == ImportJob.State.REFUSED:
        MoveIn.objects.filter(pk=move.pk).update(import_job_id=None)
        raise RecordsRefused(job.last_error if job is not None else LOST_IMPORT)
    if job.state == ImportJob.State.DONE:
        MoveIn.objects.filter(pk=move.pk).update(records_at=timezone.now())
    return False


def _begin_import(move: MoveIn, account: Account) -> None:
    repo = repos.find_repo(account.host, account.did)
    with TemporaryFile() as file:
        with old_session.opened(account, move) as old:
            lasts_s = min(DOWNLOAD_S, move.attempts * FIRST_DOWNLOAD_S)
            old.repo(file, settings.IMPORT_LIMIT_BYTES, lasts_s)
        file.seek(0)
        job = receive.enqueue_car(repo, iter(lambda: file.read(_PIECE_BYTES), b""))
    MoveIn.objects.filter(pk=move.pk).update(import_job_id=job.pk)


def _copy_preferences(move: MoveIn, account: Account) -> None:
    """They are not worth stopping for: an old host may have none, not give them, or give what makes
    no sense. Why they are not here is kept for their owner. Raises OldHostSilent at first."""
    error = ""
    if not move.is_host_gone:
        try:
            with old_session.opened(account, move) as old:
                items = old.preferences()
            if not preferences.count(account):
                preferences.replace(account, preferences.acceptable(items))
        except OldSessionEnded:
            raise
        except OldAnswerUnusable as fault:
            error = fault.message
        except OldHostFailed as fault:
            if isinstance(fault, OldHostSilent) and move.attempts < PREFERENCES_ATTEMPTS:
                raise
            error = fault.message
    done = {"preferences_at": timezone.now(), "preferences_error": error}
    MoveIn.objects.filter(pk=move.pk).update(**done)


def _postpone(move: MoveIn, fault: XrpcError) -> None:
    if move.attempts >= MAX_ATTEMPTS:
        move.finish(MoveIn.State.STOPPED, fault.message)
        return
    pause = pause_after(move.attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
    move.postpone(timezone.now() + pause, fault.message)
