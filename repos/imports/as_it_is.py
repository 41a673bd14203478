"""Imports of repos that keep their own signed commit: of another deployment, or another PDS.

What `importing` makes of a CAR gets a commit of ours; here the head stays what it was, byte for
byte, and nothing is announced. The tree is read whole and has to be what the commit signed.
"""

from typing import Final

from django.db import transaction

from accounts.models import Account
from protocol import cid, mst
from protocol.keys import PublicKey
from protocol.mst import MissingBlock, MstError
from protocol.repo.commit import SignedCommit
from repos.imports import applying, staging
from repos.imports.car_file import CarFile, UnreadableCar
from repos.imports.importing import check_owner, ignore_progress
from repos.models import Repo
from repos.state.heads import Head, Step

_EMPTY_TREE, _ = mst.build(())
_NOWHERE: Final = cid.of_dag_cbor(b"")  # of a repo that has no commit yet


class WrongSignature(UnreadableCar):
    """400: the commit is not signed with the account's key."""


@transaction.atomic
def store(account: Account, car_file: CarFile) -> int:
    """Make the repo of an account that has none; how many records it holds.

    Raises ForeignRepo, UnreadableCar, RefusedRecords, WrongSignature.
    """
    found = check_owner(car_file, account.did)
    if not found.verify(PublicKey.from_did_key(account.signing_did_key)):
        raise WrongSignature(f"The commit of {account.did} is not signed with its key")
    # Deactivated until all is there, so that the import tells nobody
    first = Repo.objects.create(
        id=account.pk,
        did=account.did,
        host_id=account.host_id,
        status=Repo.Status.DEACTIVATED,
        head=_NOWHERE,
        rev="",
        data=_EMPTY_TREE,
        commit=b"",
        signing_did_key=account.signing_did_key,
    )
    head = Head(
        first.pk, first.did, first.status, _NOWHERE, "", _EMPTY_TREE, first.signing_did_key, None
    )
    signed = SignedCommit(car_file.root, car_file[car_file.root])
    step = Step(head, found.rev, signed, found.data, account.signing_did_key)
    count = _filled(step, car_file)
    status = Repo.Status.DEACTIVATED if account.status == Account.Status.PENDING else account.status
    Repo.objects.filter(pk=account.pk).update(status=status)
    return count


def _filled(step: Step, car_file: CarFile) -> int:
    staged = staging.begin(step)
    try:
        staging.fill(staged, car_file, ignore_progress, is_first=True)
        is_applied = applying.apply(staged)
    except (MissingBlock, MstError) as fault:
        raise UnreadableCar(f"The CAR of {step.head.did} is not whole: {fault}") from fault
    finally:
        staged.close()
    if not is_applied:
        raise RuntimeError(f"the repo of {step.head.did} changed while it was made")
    return staged.record_change
