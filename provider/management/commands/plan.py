"""`manage.py plan create|list|show|set|retire|offer|delete`: what tenants may use."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandParser

from hosting.models import Plan
from hosting.plans.limits import KINDS, Limit
from moderation.audit import OPERATOR
from provider.management.printing import ProviderCommand
from provider.tenancy import plans


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = self.add_verb(verbs, "create", "Make a plan; `tenant plan` gives it to a tenant.")
        _add_fields(create)
        self.add_verb(verbs, "list", "All plans, with the number of their tenants.")
        show = self.add_verb(verbs, "show", "One plan: what it says of every limit.")
        show.add_argument("plan")
        change = self.add_verb(verbs, "set", "Change what is given, leave the rest.")
        _add_fields(change)
        for verb, what in (
            ("retire", "Give it to nobody any more; whoever has it keeps it."),
            ("offer", "Give a retired one again."),
        ):
            self.add_verb(verbs, verb, what).add_argument("plan")
        delete = self.add_verb(verbs, "delete", "Remove a plan that no tenant has.")
        delete.add_argument("plan")

    def do_create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make it, and show it."""
        made = plans.create(options["plan"], *_given(options), OPERATOR)
        return shown(made)

    def do_list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each, by name."""
        return [
            {"plan": plan.slug, "name": plan.name, "tenants": count}
            for plan, count in plans.listed()
        ]

    def do_show(self, options: dict[str, Any]) -> dict[str, Any]:
        """What it says."""
        return shown(plans.named(options["plan"]))

    def do_set(self, options: dict[str, Any]) -> dict[str, Any]:
        """Change it, and show it."""
        plan = plans.named(options["plan"])
        plans.change(plan, *_given(options), OPERATOR)
        return shown(plan)

    def do_retire(self, options: dict[str, Any]) -> dict[str, Any]:
        """Retire it, and show it."""
        plans.retire(plans.named(options["plan"]), OPERATOR)
        return shown(plans.named(options["plan"]))

    def do_offer(self, options: dict[str, Any]) -> dict[str, Any]:
        """Offer it, and show it."""
        plans.offer(plans.named(options["plan"]), OPERATOR)
        return shown(plans.named(options["plan"]))

    def do_delete(self, options: dict[str, Any]) -> dict[str, Any]:
        """Remove it."""
        plans.delete(plans.named(options["plan"]), OPERATOR)
        return {"plan": options["plan"], "state": "deleted"}


def add_limits(parser: ArgumentParser, wanted: tuple[Limit, ...] = tuple(Limit)) -> None:
    """An option for each limit."""
    group = parser.add_argument_group(
        "limits", "a number (of bytes also `10 GB`), `none`, or `default`: as without it"
    )
    for limit in wanted:
        group.add_argument(f"--{limit}", metavar="N", help=KINDS[limit].what)


def limits_in(options: dict[str, Any]) -> dict[str, object]:
    """Those limits that were given."""
    found = {limit: options.get(limit.replace("-", "_")) for limit in Limit}
    return {str(limit): text for limit, text in found.items() if text is not None}


def shown(plan: Plan) -> dict[str, Any]:
    """A plan for people and as JSON: what it says of every limit."""
    said = {
        str(limit): plan.limits[limit] if plan.limits.get(limit) is not None else "none"
        for limit in Limit
        if limit in plan.limits
    }
    state = {"state": "retired"} if plan.retired_at is not None else {}
    about = {"plan": plan.slug, "name": plan.name, **state, "grace-days": plan.grace_days}
    return {**about, **said}


def _add_fields(parser: ArgumentParser) -> None:
    parser.add_argument("plan", help="its short name: club")
    parser.add_argument("--name", help=plans.FIELDS["name"])
    parser.add_argument("--grace-days", type=int, help=plans.FIELDS["grace_days"])
    add_limits(parser)


def _given(options: dict[str, Any]) -> tuple[dict[str, object], dict[str, object]]:
    fields = {field: options[field] for field in plans.FIELDS if options[field] is not None}
    return fields, limits_in(options)
