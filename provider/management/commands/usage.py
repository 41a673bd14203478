"""`manage.py usage show|csv|close|recount`: what tenants use, and what they are billed by."""

from typing import Any

from django.core.management import CommandParser
from django.utils import timezone

from hosting.models import Tenant
from hosting.plans import metering
from provider.management.printing import ProviderCommand
from provider.tenancy import tenants, usage
from repos.maintenance import metering as counting


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = self.add_verb(verbs, "show", "What a tenant uses now, and who is above a limit.")
        show.add_argument("tenant")
        days = self.add_verb(verbs, "csv", "The days of a month, as CSV.")
        days.add_argument("tenant")
        days.add_argument("--month", default="", help="2026-11; else this one")
        days.add_argument("--accounts", action="store_true", help="of each account")
        close = self.add_verb(verbs, "close", "Close a month: nothing of it changes any more.")
        close.add_argument("month", help="2026-11")
        recount = self.add_verb(verbs, "recount", "Compare counters with what they count.")
        recount.add_argument("tenant", nargs="?", help="else all of them")
        recount.add_argument("--repair", action="store_true", help="set those of repos right")

    def do_show(self, options: dict[str, Any]) -> dict[str, Any]:
        """Its limits with what is used, its accounts above theirs."""
        tenant = tenants.named(options["tenant"])
        found = {
            key: {"value": quota.used, "source": f"of {_none(quota.value)}"}
            for key, quota in usage.shown_now(tenant).items()
        }
        above = [
            f"{account.handle or account.did}: {quota.used} of {quota.value} {quota.limit}"
            for account, quota in usage.above(tenant)
        ]
        return {"tenant": tenant.slug, **found, "above": above}

    def do_csv(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """Written as it is read; with --json rows of the same names."""
        tenant, text = tenants.named(options["tenant"]), options["month"]
        month = usage.month_of(text or f"{timezone.now():%Y-%m}")
        if not options["json"]:
            text = usage.csv_of(tenant, month, of_accounts=options["accounts"])
            self.stdout.write(text, ending="")
            return []
        end = metering.last_day_of(month)
        if options["accounts"]:
            return [
                {"day": row.day, "did": row.did}
                | {name: getattr(row, name) for name in metering.OF_ACCOUNT}
                for row in metering.account_days(tenant, month, end)
            ]
        return [
            {"day": row.day, **metering.figures(row)} for row in metering.days(tenant, month, end)
        ]

    def do_close(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each tenant whose month was open."""
        closed = usage.close(usage.month_of(options["month"]))
        return [{"tenant": row.tenant_slug, **metering.figures(row)} for row in closed]

    def do_recount(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each counter that is wrong."""
        asked = [tenants.named(options["tenant"])] if options["tenant"] else Tenant.objects.all()
        ids = [tenant.pk for tenant in asked]
        found = [
            {"what": each.what, "whose": each.whose, "counted": each.counted, "found": each.found}
            for each in counting.recount(ids)
        ]
        if options["repair"] and found:
            counting.repair(ids)
        return found


def _none(value: int | None) -> str:
    return "no limit" if value is None else str(value)
