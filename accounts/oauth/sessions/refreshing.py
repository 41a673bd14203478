"""Refreshing: the next tokens of a session, for a refresh token."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.delegation.acting import DelegationEnded
from accounts.models import Delegation
from accounts.oauth import scopes
from accounts.oauth.clients import rules
from accounts.oauth.errors import InvalidGrant
from accounts.oauth.requests import controllers
from accounts.oauth.sessions import answers, presenters, rows
from accounts.oauth.sessions.lifetimes import REFRESH_GRACE, refresh_until
from accounts.oauth.sessions.presenters import Presenter
from accounts.oauth.sessions.rows import Owned
from accounts.oauth.tokens import refresh_tokens
from hosting.models import Host


def refresh(host: Host, presenter: Presenter, refresh_token: str) -> dict[str, Any]:
    """The next tokens of a session. Raises InvalidGrant; InvalidScope when a permission set cannot
    be resolved, which leaves the session as it was."""
    pk, number = refresh_tokens.read(host, refresh_token)
    found = rows.find(host, pk)
    if found is None:
        raise InvalidGrant("The session has ended")
    presenters.check(found.session, presenter)
    rules.refuse_blocked(host, presenter.client.client_id)
    scope = scopes.expanded(host, found.session.granted_scope.split())
    acting_by = found.session.delegation_id
    continued = _continued(host, (pk, number), presenter, scope, acting_by)
    if continued is None:
        raise InvalidGrant("The refresh token was replayed, and the session has ended")
    return answers.tokens_of(host, continued.session, continued.did, presenter.client)


def _continued(
    host: Host,
    token: tuple[UUID, int],
    presenter: Presenter,
    scope: str,
    delegation_id: int | None,
) -> Owned | None:
    """The session after this refresh, by its id and the token's number; None when the token was
    copied: it has ended."""
    pk, number = token
    with transaction.atomic():
        delegation = _acting(host, delegation_id)
        found, now = rows.find(host, pk, is_locked=True), timezone.now()
        if found is None or found.session.refresh_until <= now:
            raise InvalidGrant("The session has ended")
        if not found.is_active:
            raise InvalidGrant("The account is not active")
        session = found.session
        # Not only equal: after a database came back from its backup, clients know later numbers.
        if number >= session.generation:
            session.generation = number + 1
            session.refreshed_at = now
            session.refresh_until = refresh_until(now, presenter.client, session.ends_at)
        elif number < session.generation - 1 or session.refreshed_at <= now - REFRESH_GRACE:
            session.delete()
            return None
        session.client_auth = presenter.auth.stored()
        session.scope = controllers.narrowed(host, delegation, scope)
        rows.keep_on(session)
        return found


def _acting(host: Host, delegation_id: int | None) -> Delegation | None:
    """By whom the session is, if by a controller. Raises InvalidGrant when they act no longer."""
    try:
        return controllers.locked(host, delegation_id)
    except DelegationEnded:
        raise InvalidGrant("The session has ended") from None
