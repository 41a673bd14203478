"""What there is of a case's subject at its host: what decides which actions it offers."""

from dataclasses import dataclass

from accounts.models import Account
from hosting.models import Host
from moderation.labels import labelers
from moderation.models import Case, Decision, Labeler
from repos.models import Record, RecordTakedown


@dataclass(frozen=True)
class Facts:
    """The case, the account if it is at the case's host, and what state both are in."""

    case: Case
    account: Account | None
    has_record: bool
    is_record_down: bool
    labeler: Labeler | None
    appealed: Decision | None  # what the case is an appeal against

    @property
    def is_down(self) -> bool:
        """Whether the account is taken down."""
        return self.account is not None and self.account.taken_down_at is not None

    @property
    def is_suspended(self) -> bool:
        """Whether the account is suspended."""
        return self.account is not None and self.account.suspended_at is not None


def facts(case: Case) -> Facts:
    """What there is of its subject now."""
    rows = Account.objects.open().filter(host=case.host_id, did=case.subject_did)
    account = rows.select_related("host__tenant").first()
    collection, _slash, rkey = case.path.partition("/")
    named = {"repo_id": account.pk, "collection": collection, "rkey": rkey} if account else {}
    has_record = bool(named and rkey) and Record.objects.filter(**named).exists()
    return Facts(
        case=case,
        account=account,
        has_record=has_record,
        is_record_down=has_record and RecordTakedown.objects.filter(**named).exists(),
        labeler=labelers.at_work(case.host.tenant_id),
        appealed=appealed(case.host, case.subject_did) if case.kind == Case.Kind.APPEAL else None,
    )


def appealed(host: Host, did: str) -> Decision | None:
    """The decision about an account whose appeal is open."""
    decisions = Decision.objects.of(host, did).filter(appealed_at__isnull=False, outcome="")
    return decisions.select_related("entry__staff", "policy").order_by("-appealed_at").first()
