"""The dossier of a case: what there is to know of its subject before deciding.

Every list is bounded and found by an index. What other accounts it is connected with is for those
who sort cases; the rest is for all who may look at them.
"""

from dataclasses import dataclass
from typing import Final

from accounts.models import Account, SignIn
from hosting.models import HostQuerySet
from moderation.desk.subjects.facts import Facts
from moderation.labels import queries
from moderation.models import AuditEntry, Case, CaseQuerySet, Decision, Label, Report, Strike
from repos.models import Record, Repo
from server.database.search_indexes import domain_of

SHOWN_MAX: Final = 20
CONNECTED_MAX: Final = 5  # beyond it a domain or a network says nothing
_PLACES_MAX: Final = 5
_SIGN_INS_MAX: Final = 200
_POSTS: Final = "app.bsky.feed.post"


@dataclass(frozen=True)
class Connected:
    """Other accounts at the same mail domain, or signed in from the same network."""

    by_domain: list[Account]
    has_common_domain: bool  # so many that it says nothing
    by_network: list[Account]


def reports(case: Case) -> list[Report]:
    """The case's reports, the newest first."""
    return list(case.reports.select_related("evidence").order_by("-id")[:SHOWN_MAX])


def earlier(case: Case, hosts: HostQuerySet) -> CaseQuerySet:
    """Other cases about the same account and its records."""
    others = Case.objects.of(hosts).about(case.subject_did).exclude(pk=case.pk)
    return others.select_related("host").order_by("-id")[:SHOWN_MAX]


def entries(case: Case, hosts: HostQuerySet) -> list[AuditEntry]:
    """The audit log about the account."""
    found = AuditEntry.objects.of(hosts).about(case.subject_did)
    return list(found.select_related("staff")[:SHOWN_MAX])


def labels(known: Facts) -> list[Label]:
    """What the tenant's labeler says of the subject and of the account."""
    if known.labeler is None:
        return []
    uris = dict.fromkeys((known.case.subject, known.case.subject_did))
    return [label for uri in uris for label in queries.standing(known.labeler, uri)[:SHOWN_MAX]]


def strikes(case: Case) -> int:
    """How many strikes count against the account."""
    return Strike.objects.of(case.host, case.subject_did).open().points()


def decisions(case: Case) -> list[Decision]:
    """Decisions about the account, the newest first."""
    made = Decision.objects.of(case.host, case.subject_did)
    return list(made.select_related("policy").order_by("-id")[:SHOWN_MAX])


def repo_of(known: Facts) -> Repo | None:
    """The account's repository."""
    return Repo.objects.filter(pk=known.account.pk).first() if known.account else None


def newest_posts(known: Facts, count: int = 5) -> list[Record]:
    """What the account posted last."""
    if known.account is None:
        return []
    posts = Record.objects.filter(repo_id=known.account.pk, collection=_POSTS)
    return list(posts.order_by("-rkey")[:count])


def connected(known: Facts) -> Connected:
    """Who shares a mail domain or a network with the account, at its own host."""
    account = known.account
    if account is None:
        return Connected([], has_common_domain=False, by_network=[])
    by_domain = _at_domain(account)
    is_common = len(by_domain) > CONNECTED_MAX
    return Connected([] if is_common else by_domain, is_common, _from_networks(account))


def _at_domain(account: Account) -> list[Account]:
    domain = account.email.rpartition("@")[2]
    others = Account.objects.of(account.host).exclude(pk=account.pk)
    same = others.alias(domain=domain_of("email")).filter(domain=domain)
    return list(same.order_by("-id")[: CONNECTED_MAX + 1]) if domain else []


def _from_networks(account: Account) -> list[Account]:
    own = SignIn.objects.filter(account=account, is_success=True).order_by("-at")
    places = list(dict.fromkeys(own.values_list("place", flat=True)[:_SIGN_INS_MAX]))
    places = [place for place in places if place][:_PLACES_MAX]
    others = SignIn.objects.filter(place__in=places, is_success=True).exclude(account=account)
    here = others.filter(account__host=account.host_id).order_by()
    ids = dict.fromkeys(here.values_list("account_id", flat=True)[:_SIGN_INS_MAX])
    return list(Account.objects.filter(pk__in=list(ids)).order_by("-id")[:CONNECTED_MAX])
