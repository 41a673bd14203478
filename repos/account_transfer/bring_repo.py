"""A repo that its owner brings as a CAR file: checked at once, made the repo by a worker."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting import limits
from hosting.limits import Charge
from protocol.errors import InvalidRequest
from repos.account_transfer.moves import copying
from repos.imports import receive
from repos.imports.receive import ImportsRefused
from repos.models import ImportJob, MoveIn
from repos.reads import repos


class NoFile(InvalidRequest):
    """400: no file was chosen, or several."""

    message = "Choose one file"
    page_text = _("Choose the CAR file of your repo.")


def take(account: Account, files: Sequence["UploadedFile[Any]"]) -> ImportJob:
    """Have the one file become the account's repo. Raises NoFile, ImportsRefused, UnreadableCar,
    ForeignRepo, ImportUnderWay, InsufficientStorage, RateLimitExceeded."""
    if not settings.IMPORTS:
        raise ImportsRefused
    if len(files) != 1 or not files[0].size:
        raise NoFile
    if settings.RATE_LIMITS:
        limits.spend_charges(account.host, [Charge(limits.IMPORT_REPO, (account.did,))])
    repo = repos.find_repo(account.host, account.did)
    return receive.enqueue_car(repo, files[0].chunks())


def take_moved(account: Account, move: MoveIn, files: Sequence["UploadedFile[Any]"]) -> None:
    """The same for somebody whose old host is gone: the move goes on with it."""
    job = take(account, files)
    MoveIn.objects.filter(pk=move.pk).update(import_job_id=job.pk, records_at=None)
    copying.go_on(account.pk)
