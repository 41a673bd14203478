"""The console's pages of the staff: who they are, invited, given another role, removed.

POST, then redirect. Staff of another tenant are as unknown as those who never were.
"""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import Member, StaffInvite
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from moderation.permissions import Deed
from moderation.staff import console_sessions, members, staff_factor_resets, staff_invites

_SIGN_INS: tuple[str, ...] = (
    AuditEntry.Action.STAFF_SIGN_IN,
    AuditEntry.Action.STAFF_SIGN_OUT,
)
_SHOWN_MAX = 50
_PEOPLE_MAX = 500


class InviteForm(forms.Form):
    """Whom to invite, and to which role."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Member.Role.choices, initial=Member.Role.MODERATOR
    )


class RoleForm(ReasonForm):
    """Another role."""

    field_order = ("role", "reason")
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Member.Role.choices)


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The staff of the tenant, and who is invited."""
    tenant = host_of(request).tenant
    context = {
        "title": _("Staff"),
        "members": Member.objects.filter(tenant=tenant)
        .select_related("user")
        .order_by("user__username")[:_PEOPLE_MAX],
        "invites": StaffInvite.objects.filter(tenant=tenant).order_by("email"),
        "form": InviteForm(),
        "may_manage": _may_manage(request),
    }
    return render_page(request, "moderation/staff.html", context)


@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Mail somebody a link."""

    def verb(given: Given) -> str:
        staff_invites.invite(staff_of(request), host_of(request), given["email"], given["role"])
        return _("%s is invited.") % given["email"]

    act_on(request, InviteForm(request.POST), verb)
    return redirect("console:staff")


@require_POST
def withdraw(request: HttpRequest, invite_id: int) -> HttpResponse:
    """Make a link worthless."""
    pending = get_object_or_404(StaffInvite, tenant=host_of(request).tenant_id, pk=invite_id)

    def verb(_given: Given) -> str:
        staff_invites.withdraw(staff_of(request), host_of(request), pending)
        return _("The invitation is withdrawn.")

    act_on(request, forms.Form(request.POST), verb)
    return redirect("console:staff")


@require_GET
def member(request: HttpRequest, member_id: int) -> HttpResponse:
    """One of them: role, sessions, last sign-ins."""
    found = _found(request, member_id)
    entries = AuditEntry.objects.of(hosts_in_view(request)).filter(
        staff=found.user, action__in=_SIGN_INS
    )
    context = {
        "title": str(found.user),
        "member": found,
        "may_manage": _may_manage(request),
        "form": RoleForm(initial={"role": found.role}),
        "reason_form": ReasonForm(auto_id="remove-%s"),
        "factor_form": ReasonForm(auto_id="factors-%s"),
        "sessions": console_sessions.of(
            found.user, host_of(request).tenant, request.session.session_key
        )
        if _may_manage(request)
        else [],
        "entries": entries.select_related("staff")[:_SHOWN_MAX],
    }
    return render_page(request, "moderation/staff_member.html", context)


@require_POST
def change_role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Give them another role."""
    found = _found(request, member_id)

    def verb(given: Given) -> str:
        actor, host = staff_of(request), host_of(request)
        members.change_role(actor, host, found, given["role"], given["reason"])
        return _("The role is changed.")

    return _act(request, member_id, RoleForm(request.POST), verb)


@require_POST
def remove(request: HttpRequest, member_id: int) -> HttpResponse:
    """Take them off the staff."""
    found = _found(request, member_id)

    def verb(given: Given) -> str:
        members.remove(staff_of(request), host_of(request), found, given["reason"])
        return _("%s is not on the staff any more.") % found.user

    act_on(request, ReasonForm(request.POST), verb)
    is_gone = not Member.objects.filter(pk=member_id).exists()
    return redirect("console:staff") if is_gone else redirect("console:member", member_id)


@require_POST
def reset_factors(request: HttpRequest, member_id: int) -> HttpResponse:
    """Remove their second factors."""
    found = _found(request, member_id)

    def verb(given: Given) -> str:
        host = host_of(request)
        staff_factor_resets.reset(staff_of(request), found.user, host, given["reason"])
        return _("The second factors are reset. The password stays.")

    return _act(request, member_id, ReasonForm(request.POST), verb)


@require_POST
def end_sessions(request: HttpRequest, member_id: int) -> HttpResponse:
    """End one session (`session`) of theirs, or all."""
    found = _found(request, member_id)

    def verb(_given: Given) -> str:
        name = request.POST.get("session")
        ended = console_sessions.end(
            staff_of(request), host_of(request), found.user, [name] if name else None
        )
        return _("Sessions ended: %s") % ended

    return _act(request, member_id, forms.Form(request.POST), verb)


def _act(
    request: HttpRequest, member_id: int, form: forms.Form, verb: Callable[[Given], str]
) -> HttpResponse:
    act_on(request, form, verb)
    return redirect("console:member", member_id)


def _found(request: HttpRequest, member_id: int) -> Member:
    members_here = Member.objects.filter(tenant=host_of(request).tenant_id)
    return get_object_or_404(members_here.select_related("user"), pk=member_id)


def _may_manage(request: HttpRequest) -> bool:
    return permissions.may(staff_of(request), Deed.STAFF_MANAGE, host_of(request).tenant_id)
