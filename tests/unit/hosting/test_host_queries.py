"""Rows of hosts: whatever narrows the hosts narrows the rows."""

from collections.abc import Callable

import pytest

from hosting.models import HandleDomain, Host, HostQuerySet

pytestmark = pytest.mark.django_db
HOSTS = Host.objects.order_by("pk")


@pytest.mark.parametrize(
    ("hosts", "names"),
    [
        (lambda ash: HOSTS.filter(pk=ash.pk), {".test"}),
        (lambda ash: HOSTS.exclude(pk=ash.pk), {".birch.test"}),
        (lambda _ash: HOSTS.none(), set()),
        (lambda _ash: HOSTS[:1], {".test"}),
        (lambda ash: HOSTS.filter(pk=ash.pk).union(HOSTS.none()), {".test"}),
        (lambda _ash: HOSTS.select_related("tenant"), {".test", ".birch.test"}),
    ],
)
def test_rows_are_those_of_the_hosts(
    ash: Host, birch: Host, hosts: Callable[[Host], HostQuerySet], names: set[str]
) -> None:
    found = hosts(ash).narrow(HandleDomain.objects.all())
    assert set(found.values_list("name", flat=True)) == names
