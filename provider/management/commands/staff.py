"""`manage.py staff invite|list|role|remove|reset-factor`: the staff of tenants, and the provider's.

Every change lands in the audit log of the tenant, by `operator`.
"""

from typing import Any

from django.core.management import CommandParser

from hosting.models import ROLES, Host, Member, StaffUser
from moderation.audit import OPERATOR
from moderation.staff import members, staff_factor_resets, staff_invites
from protocol.errors import InvalidRequest
from provider.errors import NoSuchThing
from provider.management.printing import ProviderCommand
from provider.tenancy import tenants

_ROLES = [str(role) for role, _label in ROLES]


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        invite = self.add_verb(verbs, "invite", "Mail somebody a link to a role; prints it, too.")
        invite.add_argument("email")
        invite.add_argument("--role", required=True, choices=_ROLES)
        invite.add_argument("--tenant", required=True, help="its short name: acme")
        listed = self.add_verb(verbs, "list", "Who has which role, and who is invited.")
        listed.add_argument("--tenant", help="its short name; without it, every tenant's")
        role = self.add_verb(verbs, "role", "Give somebody another role.")
        role.add_argument("name", help="what they sign in with")
        role.add_argument("role", choices=Member.Role.values)
        remove = self.add_verb(verbs, "remove", "Take somebody off the staff of a tenant.")
        remove.add_argument("name")
        for verb in (role, remove):
            verb.add_argument("--tenant", required=True)
        reset = self.add_verb(
            verbs, "reset-factor", "Remove every second factor of theirs; the password stays."
        )
        reset.add_argument("name")
        for verb in (role, remove, reset):
            verb.add_argument("--reason", default="by the operator", help="for the audit log")

    def do_invite(self, options: dict[str, Any]) -> dict[str, Any]:
        """Invite, and show the link."""
        host = _host(options["tenant"])
        link = staff_invites.invite(OPERATOR, host, options["email"], options["role"])
        return {"email": options["email"], "role": options["role"], "link": link}

    def do_list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each role that somebody holds; then the provider's own."""
        held = Member.objects.select_related("tenant", "user").order_by(
            "tenant__slug", "user__username"
        )
        if options["tenant"]:
            held = held.filter(tenant=tenants.named(options["tenant"]))
        rows = [_row(each.user, each.tenant.slug, each.role) for each in held]
        if not options["tenant"]:
            platform = StaffUser.objects.filter(is_platform_staff=True).order_by("username")
            rows += [_row(each, "", "platform") for each in platform]
        return rows

    def do_role(self, options: dict[str, Any]) -> dict[str, Any]:
        """Change it, and show it."""
        member, host = _member(options), _host(options["tenant"])
        members.change_role(OPERATOR, host, member, options["role"], options["reason"])
        return _row(member.user, options["tenant"], options["role"])

    def do_remove(self, options: dict[str, Any]) -> dict[str, Any]:
        """Remove them, and say so."""
        member = _member(options)
        members.remove(OPERATOR, _host(options["tenant"]), member, options["reason"])
        return {"name": str(member.user), "state": "removed"}

    def do_reset_factor(self, options: dict[str, Any]) -> dict[str, Any]:
        """Remove the factors, and say so."""
        staff = StaffUser.objects.filter(username=options["name"]).first()
        if staff is None:
            raise NoSuchThing(f"No member of staff is called {options['name']}.")
        host = staff_factor_resets.host_of_staff(staff)
        staff_factor_resets.reset(OPERATOR, staff, host, options["reason"])
        return {"name": str(staff), "state": "signs in with the password alone"}


def _row(staff: StaffUser, tenant: str, role: str) -> dict[str, Any]:
    return {"name": staff.username, "tenant": tenant, "role": role, "email": staff.email}


def _host(slug: str) -> Host:
    """The tenant's first host, whose log and mail it is."""
    if (found := Host.objects.first_of(tenants.named(slug))) is None:
        raise InvalidRequest(f"Tenant {slug} has no host yet: `host add` gives it one.")
    return found


def _member(options: dict[str, Any]) -> Member:
    tenant = tenants.named(options["tenant"])
    found = Member.objects.filter(tenant=tenant, user__username=options["name"])
    if (member := found.select_related("user").first()) is None:
        raise NoSuchThing(f"{options['name']} is not on the staff of {tenant.slug}.")
    return member
