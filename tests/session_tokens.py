"""Access tokens of every scope, with the session that each of them names."""

import uuid
from datetime import timedelta

from django.utils import timezone

from accounts.authentication import session_tokens
from accounts.models import Account, Session
from hosting.models import Host


def access_token(host: Host, did: str, scope: str) -> str:
    """A token of a session that begins now."""
    session = Session.objects.create(
        jti=uuid.uuid4().hex,
        account=Account.objects.get(host=host, did=did),
        lineage=uuid.uuid4(),
        scope=scope,
        expires_at=timezone.now() + timedelta(days=1),
    )
    return session_tokens.make_access(host, did, scope, session.lineage)
