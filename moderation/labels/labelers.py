"""Labelers: a tenant's, the one that a DID names, and how one gets from state to state."""

from collections.abc import Collection

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


def move(
    labeler: Labeler, state: Labeler.State, *, since: Collection[str], **changes: object
) -> bool:
    """Have it go on to a state, if it still is in one of `since`, and change more of it; whether it
    was. What is known of it is read anew: it may have moved while somebody asked the network."""
    moved = Labeler.objects.filter(pk=labeler.pk, state__in=since).update(state=state, **changes)
    labeler.refresh_from_db()
    return moved == 1
