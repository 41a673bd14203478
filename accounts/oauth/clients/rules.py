"""Rules of a tenant about apps: trusted, blocked, or neither."""

from accounts.models import OAuthClientRule, OAuthRequest, OAuthSession
from accounts.oauth.errors import UnauthorizedClient
from hosting.models import Host, Tenant
from server.database import connection

TRUSTED, BLOCKED = OAuthClientRule.Stance.TRUSTED, OAuthClientRule.Stance.BLOCKED


def is_trusted(host: Host, client_id: str) -> bool:
    """Whether the app's name and logo may be shown, and consent may be silent."""
    return _stance(host, client_id) == TRUSTED


def refuse_blocked(host: Host, client_id: str) -> None:
    """Raise UnauthorizedClient for an app that the host's tenant has blocked."""
    is_trusted_unless_blocked(host, client_id)


def is_trusted_unless_blocked(host: Host, client_id: str) -> bool:
    """As `is_trusted`. Raises UnauthorizedClient as `refuse_blocked` does: both in one question."""
    stance = _stance(host, client_id)
    if stance == BLOCKED:
        raise UnauthorizedClient("This app is blocked here")
    return stance == TRUSTED


def trust(tenant: Tenant, client_id: str) -> None:
    """Show the app by its name and logo at all hosts of the tenant."""
    _set(tenant, client_id, TRUSTED)


def block(tenant: Tenant, client_id: str) -> int:
    """Let nobody at the tenant's hosts use the app; its sessions end, and how many those were."""
    _set(tenant, client_id, BLOCKED)  # first: a session that begins beside us looks for it then
    OAuthRequest.objects.filter(host__tenant=tenant, client_id=client_id).delete()
    sessions = OAuthSession.objects.filter(account__host__tenant=tenant, client_id=client_id)
    return sessions.delete()[0]


def forget(tenant: Tenant, client_id: str) -> None:
    """Treat the app as any other again."""
    OAuthClientRule.objects.filter(tenant=tenant, client_id=client_id).delete()


def _stance(host: Host, client_id: str) -> str:
    sql = "SELECT stance FROM oauth_client_rule WHERE tenant_id = %s AND client_id = %s"
    row = connection.row(sql, (host.tenant_id, client_id))
    return row[0] if row else ""


def _set(tenant: Tenant, client_id: str, stance: str) -> None:
    OAuthClientRule.objects.update_or_create(
        tenant=tenant, client_id=client_id, defaults={"stance": stance}
    )
