"""Domains that the relay does not read."""

from relay.models import DomainBan, RelayHost


def is_banned(hostname: str) -> bool:
    """Whether a host's domain, or one above it, is banned."""
    labels = hostname.partition(":")[0].lower().split(".")
    above = [".".join(labels[start:]) for start in range(len(labels))]
    return DomainBan.objects.filter(domain__in=above).exists()


def ban(domain: str, reason: str = "") -> None:
    """Read a domain's hosts no more; those that are read now are hung up on within seconds."""
    name = domain.strip().lower().strip(".")
    DomainBan.objects.update_or_create(domain=name, defaults={"reason": reason})
    outside = RelayHost.objects.filter(inside_id__isnull=True).order_by("id")
    for host in outside.filter(hostname__contains=name):
        if is_banned(host.hostname):
            RelayHost.objects.filter(pk=host.pk).update(status=RelayHost.Status.BANNED)


def lift(domain: str) -> None:
    """Allow a domain again; its hosts are read from where they were left."""
    DomainBan.objects.filter(domain=domain.strip().lower().strip(".")).delete()
    for host in RelayHost.objects.filter(status=RelayHost.Status.BANNED).order_by("id"):
        if not is_banned(host.hostname):
            wanted = {"status": RelayHost.Status.OFFLINE, "is_crawl_wanted": True}
            RelayHost.objects.filter(pk=host.pk).update(**wanted, retry_at=None)
