"""The console's pages and the API's lists: `python -m bench.scale.pages [BEGINNING]`, after
bench.scale.fill, beside a running Grove (GROVE_DATA or DATABASE_URL says whose).

Requests are made in this process, as Django's test client does: routing, page and statements,
without sockets. A row: milliseconds of the median and the longest of five, and tables of which
many rows were read.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import django

django.setup()

from django.conf import settings  # noqa: E402 - needs django.setup()
from django.test import Client  # noqa: E402 - needs django.setup()
from django.utils import timezone  # noqa: E402 - needs django.setup()

from accounts.models import Account  # noqa: E402 - needs django.setup()
from bench.compare.client import WrongAnswer  # noqa: E402 - needs django.setup()
from bench.scale.counted import cost  # noqa: E402 - needs django.setup()
from hosting.models import Host, Member, StaffUser, Tenant  # noqa: E402 - needs django.setup()
from hosting.tenancy import routing  # noqa: E402 - needs django.setup()
from moderation.models import Case, Label  # noqa: E402 - needs django.setup()
from moderation.staff import account_search  # noqa: E402 - needs django.setup()
from provider.api import tokens  # noqa: E402 - needs django.setup()
from provider.models import Webhook  # noqa: E402 - needs django.setup()
from relay.models import RelayHost  # noqa: E402 - needs django.setup()

_ROUTED: Final = 20_000
_PROVIDERS: Final = (
    "tenants/", "tenants/?page=150", "tenants/?q=tenant-77", "tenants/?q=nobody",
    "tenants/?q=pds9999", "tenant/{slug}/", "relay/", "relay/?q=pds99", "relay/?q=nobody",
    "relay/hosts/{relay_host}/", "hosts/{host}/settings/",
)  # fmt: skip
_OF_STAFF: Final = (
    "", "overview/", "host-settings/", "staff/", "settings/", "labels/", "policies/", "appeals/",
    "legal/", "abuse-notices/", "figures/", "people/invite/", "invites/",
    "accounts/account/", "accounts/account/?status__exact=suspended",
    "accounts/account/?q={handle}", "accounts/account/?q={did}", "accounts/account/?q=person-1",
    "accounts/account/?q=nobody", "accounts/account/?p=20", "accounts/{did}/",
    "look-up/?q={handle}", "look-up/?q={email}",
    "moderation/auditentry/", "moderation/auditentry/?q={did}", "moderation/auditentry/?q=spam",
    "moderation/auditentry/?action__exact=account.restore",
    "desk/", "desk/?kind=spam", "desk/?kind=violence", "desk/?subject=record",
    "desk/?assignee=me", "desk/?overdue=1", "desk/?state=closed", "desk/?about={did}",
    "desk/?after=2-{later}-1", "desk/cases/{case}/", "desk/cases/{case}/record/",
    "desk/deadlines/",
    "moderation/report/", "moderation/report/?q={did}", "moderation/report/?q=nothing",
    "moderation/label/", "moderation/label/?q={uri}",
    "accounts/invitecode/", "accounts/invitecode/?q={did}",
    "mail/outgoingmail/", "mail/outgoingmail/?q={email}", "mail/outgoingmail/?state__exact=failed",
    "sign-ups/", "moves/", "apps/",
)  # fmt: skip
_API: Final = (
    "tenants", "tenants?limit=100", "tenants/{slug}", "tenants/{slug}/usage",
    "tenants/{slug}/usage/months", "tenants/{slug}/usage/accounts?day={day}",
    "tenants/{slug}/staff", "tenants/{slug}/labels", "tenants/{slug}/labels?uri={uri}",
    "hosts", "hosts/localhost", "hosts/localhost/domains", "hosts/localhost/relays",
    "hosts/localhost/accounts?limit=100", "hosts/localhost/accounts?handle={handle}",
    "hosts/localhost/accounts?email=person-77", "hosts/localhost/accounts?email=nobody",
    "hosts/localhost/accounts?status=suspended", "hosts/localhost/invites",
    "webhooks", "audit", "audit?did={did}", "audit?host=localhost", "jobs",
    "jobs?kind=tenant.export",
    "jobs?kind=nothing", "jobs?state=failed", "plans",
)  # fmt: skip
_OF_TENANT: Final = ("audit", "jobs", "webhooks/{webhook}/deliveries")
_OF_DESK: Final = (
    "cases", "cases?state=closed", "cases?kind=spam", "cases?kind=violence", "cases?about={did}",
    "reports", "reports?about={did}",
)  # fmt: skip
_FOR_PEOPLE: Final = ("/", "/about", "/about.json", "/status", "/status.json", "/status.rss")
_SEARCHES: Final = {
    "all": None, "an address": "{email}", "a prefix": "person-77", "a domain": "@d77.example",
    "nobody": "zzz",
}  # fmt: skip


def main(beginning: str = "") -> None:
    print("| page | ms | longest | rows read |\n|---|---|---|---|")
    for name, work in _all():
        if name.startswith(beginning):
            try:
                found = cost(work)
            except WrongAnswer as wrong:
                print(f"| {name} | {wrong} | | |")
                continue
            print(
                f"| {name} | {found.ms:.1f} | {found.longest_ms:.0f} | {found.said()} |", flush=True
            )
    if not beginning:
        _route()


def _all() -> Iterator[tuple[str, Callable[[], Any]]]:
    host, small = Host.objects.order_by("pk")[:2]
    hook = Webhook.objects.order_by("pk")[50]
    third = Host.objects.filter(tenant_id=hook.tenant_id)[0]
    words = _words(host) | {"webhook": hook.pk}
    settings.BREAK_GLASS = False
    for who, at, pages in (
        ("platform", host, (*_PROVIDERS, *_OF_STAFF)),
        ("small tenant", small, _OF_STAFF),
        ("one of many", third, _OF_STAFF),
    ):
        browser = _signed_in(who, at)
        for page in pages:
            if who == "platform" or "{" not in page:
                yield f"{who}: /{page}", partial(browser.get, "/console/" + page.format(**words))
    for who, tenant, at, lists in (
        ("API", None, host, _API),
        ("API of one of many", third.tenant, third, (*_OF_TENANT, *_OF_DESK)),
        ("API of the largest", host.tenant, host, _OF_DESK),
    ):
        caller = _with_token(tenant, at)
        for page in lists:
            yield f"{who}: {page}", partial(caller.get, "/api/v1/" + page.format(**words))
    visitor = Client(headers={"host": host.hostname})
    for page in _FOR_PEOPLE:
        yield f"people: {page}", partial(visitor.get, page)
    hosts = Host.objects.filter(pk=host.pk)
    for name, text in _SEARCHES.items():
        wanted = text and text.format(**words)
        yield f"searchAccounts: {name}", partial(account_search.search, hosts, wanted, 50, None)


def _words(host: Host) -> dict[str, Any]:
    someone = Account.objects.filter(host=host).order_by("-pk")[500]
    label = Label.objects.first()
    return {
        "handle": someone.handle,
        "did": someone.did,
        "email": someone.email,
        "slug": host.tenant.slug,
        "host": host.pk,
        "case": Case.objects.filter(host=host).order_by("-pk")[500].pk,
        "later": int((time.time() + 50_000) * 1_000_000),
        "uri": label.uri if label else "",
        "relay_host": RelayHost.objects.order_by("pk")[5].pk,
        "day": f"{timezone.now():%Y-%m-%d}",
    }


def _signed_in(who: str, host: Host) -> Client:
    name = f"bench-{who.replace(' ', '-')}"
    staff, _is_new = StaffUser.objects.get_or_create(
        username=name,
        defaults={"is_staff": True, "is_platform_staff": who == "platform", "password": "!"},
    )
    if who != "platform":
        Member.objects.get_or_create(
            tenant=host.tenant, user=staff, defaults={"role": Member.Role.OWNER}
        )
    browser = Client(headers={"host": host.hostname})
    browser.force_login(staff)
    return browser


def _with_token(tenant: Tenant | None, host: Host) -> Client:
    scopes = [each for each in tokens.Scope if tenant is None or not each.startswith("plans")]
    _row, text = tokens.create(f"bench-{time.time_ns()}", tenant, scopes)
    return Client(headers={"host": host.hostname, "authorization": f"Bearer {text}"})


def _route() -> None:
    """Which host a name leads to: remembered, and as the database has it."""
    names = list(Host.objects.values_list("hostname", flat=True)[:500])
    for title, look, count in (
        ("routing, looked up", routing.look_up, 1_000),
        ("routing, remembered", routing.host_named, _ROUTED),
    ):
        for name in names:
            routing.host_named(name)
        begun = time.perf_counter()
        for n in range(count):
            look(names[n % len(names)])
        taken = (time.perf_counter() - begun) * 1000 / count
        print(f"| {title} | {taken:.4f} | | |")


if __name__ == "__main__":
    main(*sys.argv[1:])
