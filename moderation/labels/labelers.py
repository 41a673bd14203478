"""Labelers: a tenant's, and the one that a DID names."""

from hosting.models import Host
from moderation.models import Labeler


def of_tenant(tenant_id: int) -> Labeler | None:
    """The tenant's labeler, with its host and account; None where none was set up."""
    found = Labeler.objects.select_related("host__tenant", "account__host")
    return found.filter(pk=tenant_id).first()


def at_work(tenant_id: int) -> Labeler | None:
    """The tenant's labeler, unless it is retired."""
    labeler = of_tenant(tenant_id)
    return labeler if labeler is not None and labeler.is_at_work else None


def named(host: Host, did: str) -> Labeler | None:
    """The labeler with this DID, if it is that of the host's tenant and others may know of it."""
    labeler = of_tenant(host.tenant_id)
    is_it = labeler is not None and labeler.did == did and labeler.is_declared
    return labeler if is_it else None
