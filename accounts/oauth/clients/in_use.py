"""Apps in use: which ones people are signed in to, at some hosts or with one account.

An app is its client_id; what an account granted to it is what all its sessions there may do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Min

from accounts.authentication import security_changes
from accounts.models import Account, OAuthClientRule, OAuthConsent, OAuthRequest, OAuthSession
from accounts.oauth.clients import client_ids
from hosting.models import HostQuerySet, Tenant
from protocol.errors import XrpcError
from protocol.oauth.scopes import Scope, parse_all

COUNTED_SESSIONS: Final = 5_000


class NoSuchApp(XrpcError):
    """404: nobody is signed in to it here."""

    name = "NotFound"
    status = 404

    def __init__(self) -> None:
        super().__init__("This app is not signed in here.")


@dataclass(frozen=True, slots=True)
class App:
    """An app that people of some hosts are signed in to. `stance`: what the tenant thinks of it."""

    client_id: str
    account_count: int
    session_count: int
    last_used_at: datetime | None
    stance: str = ""

    @property
    def host_name(self) -> str:
        """The name of the app that nobody can invent."""
        return client_ids.host_name(self.client_id)

    @property
    def is_loopback(self) -> bool:
        """Whether it is somebody's development client."""
        return client_ids.is_loopback(self.client_id)


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """An app that one account is signed in to."""

    client_id: str
    session_count: int
    since: datetime
    last_used_at: datetime
    scopes: tuple[Scope, ...]
    controllers: tuple[str, ...] = ()  # names of those who signed in to it for the account

    @property
    def host_name(self) -> str:
        """The name of the app that nobody can invent."""
        return client_ids.host_name(self.client_id)


def at(tenant: Tenant, hosts: HostQuerySet, most: int) -> list[App]:
    """The apps in use at some hosts of a tenant, the most used first, and those that the tenant has
    said something about. Counted among the COUNTED_SESSIONS with the longest time left."""
    stances = dict(OAuthClientRule.objects.filter(tenant=tenant).values_list("client_id", "stance"))
    host_ids = list(hosts.values_list("pk", flat=True))
    here = OAuthSession.objects.filter(account__host__in=host_ids)
    longest = here.order_by("-refresh_until")[:COUNTED_SESSIONS]
    used = (
        OAuthSession.objects.filter(pk__in=longest.values("pk"))
        .values("client_id")
        .annotate(accounts=Count("account", distinct=True), sessions=Count("pk"))
        .annotate(last_used_at=Max("refreshed_at"))
        .order_by("-sessions", "client_id")[:most]
    )
    listed = [
        App(
            row["client_id"],
            row["accounts"],
            row["sessions"],
            row["last_used_at"],
            stances.pop(row["client_id"], ""),
        )
        for row in used
    ]
    return listed + [
        App(client_id, 0, 0, None, each) for client_id, each in sorted(stances.items())
    ]


def of(account: Account) -> list[ConnectedApp]:
    """The apps that an account is signed in to, the one that was used last first."""
    used = (
        OAuthSession.objects.filter(account=account)
        .values("client_id")
        .annotate(sessions=Count("pk"), since=Min("created_at"), last_used_at=Max("refreshed_at"))
        .order_by("-last_used_at")
    )
    granted: dict[str, list[str]] = {}
    acting: dict[str, set[str]] = {}
    rows = OAuthSession.objects.filter(account=account).select_related("delegation")
    for session in rows:
        granted.setdefault(session.client_id, []).append(session.granted_scope)
        if session.delegation is not None:
            acting.setdefault(session.client_id, set()).add(session.delegation.name)
    return [
        ConnectedApp(
            row["client_id"],
            row["sessions"],
            row["since"],
            row["last_used_at"],
            _together(granted.get(row["client_id"], ())),
            tuple(sorted(acting.get(row["client_id"], ()))),
        )
        for row in used
    ]


def disconnect(account: Account, client_id: str) -> None:
    """End all that an account has with an app: its sessions, at once; the requests under way; what
    it was granted, so that it has to ask again. Raises NoSuchApp."""
    with transaction.atomic():
        ended, _ = OAuthSession.objects.filter(account=account, client_id=client_id).delete()
        OAuthRequest.objects.filter(account=account, client_id=client_id).delete()
        OAuthConsent.objects.filter(account=account, client_id=client_id).delete()
        if ended:
            name = client_ids.host_name(client_id)
            security_changes.note(account, security_changes.APP_DISCONNECTED, detail=name)
    if not ended:
        raise NoSuchApp


def _together(texts: Iterable[str]) -> tuple[Scope, ...]:
    found = {scope for text in texts for scope in parse_all(text)}
    return tuple(sorted(found, key=str))
