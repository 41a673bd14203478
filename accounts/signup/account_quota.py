"""The quota of accounts: how many a tenant's plan allows at all its hosts."""

from accounts.models import Account
from hosting.models import Host
from hosting.plans import quotas
from hosting.plans.limits import Limit


def check_room(host: Host) -> None:
    """Refuse one more account of a host's tenant, in the caller's transaction, which makes it: the
    limit is exact. Accounts that moved away do not count. Raises QuotaExceeded."""
    stays = Account.objects.filter(host__tenant=host.tenant_id, moved_away_at__isnull=True)
    quotas.check_counted(host.tenant, Limit.ACCOUNTS, stays.count)
