"""The console's list of invite codes, and the form that makes some."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from accounts.models import InviteCode, InviteUse
from hosting.console.page import render_page
from hosting.console.site import ConsoleSite, hosts_in_view
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.lists.bounded import MATCHES_MAX, Condition
from moderation.console.lists.read_only import HostFilter, ReadOnly, look_up_link, minute
from moderation.console.views import staff_of
from moderation.permissions import Deed
from moderation.staff import account_changes

_CODES_MAX = 100
_USES_MAX = 10_000


class InvitesForm(forms.Form):
    """How many codes, and for how many people each."""

    codes = forms.IntegerField(
        label=gettext_lazy("Codes"),
        min_value=1,
        max_value=_CODES_MAX,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    uses = forms.IntegerField(
        label=gettext_lazy("Uses of each"),
        min_value=1,
        max_value=_USES_MAX,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class InviteList(ReadOnly):
    """All codes in view, newest first: whose they are, and who came with them."""

    list_display = ["code", "owner", "state", "uses_left", "guests", "made_at"]
    list_filter = ["is_disabled", HostFilter]
    search_fields = ["code", "for_account", "uses__used_by"]
    search_help_text = gettext_lazy("How a code begins, or a DID")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InviteCode]:
        return hosts_in_view(request).narrow(InviteCode.objects.all()).prefetch_related("uses")

    def searched(self, request: HttpRequest, term: str) -> list[Condition]:
        """A code may not be guessed letter by letter by those who do not see it."""
        if term.startswith("did:"):
            used = InviteUse.objects.filter(used_by=term).values_list("code", flat=True)
            return [Q(for_account=term), Q(pk__in=list(used[:MATCHES_MAX]))]
        return [Q(code__startswith=term)] if _may_give(request) else []

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """A code that is good lets anybody in: only those see it who may let people in."""
        return self.list_display if _may_give(request) else ["number", *self.list_display[1:]]

    @display(description=gettext_lazy("number"))
    def number(self, code: InviteCode) -> int:
        return code.pk

    @display(description=gettext_lazy("for"))
    def owner(self, code: InviteCode) -> SafeString | str:
        if code.for_account == InviteCode.ADMIN:
            return code.for_account
        return look_up_link(code.for_account)

    @display(
        description=gettext_lazy("status"),
        label={"good": "success", "used": "info", "disabled": "danger"},
    )
    def state(self, code: InviteCode) -> tuple[str, str]:
        if code.is_disabled:
            return "disabled", _("disabled")
        is_used_up = code.used_count >= code.available_count
        return ("used", _("used up")) if is_used_up else ("good", _("good"))

    @display(description=gettext_lazy("uses left"))
    def uses_left(self, code: InviteCode) -> str:
        return f"{code.available_count - code.used_count}/{code.available_count}"

    @display(description=gettext_lazy("when"))
    def made_at(self, code: InviteCode) -> SafeString:
        return minute(code.created_at)

    @display(description=gettext_lazy("used by"))
    def guests(self, code: InviteCode) -> SafeString:
        links = SafeString()
        for use in code.uses.all()[:10]:
            links += format_html("{} ", look_up_link(use.used_by))
        return format_html("<span>{}</span>", links)


@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Make codes that anybody may use; they are shown once made, and stand in the list."""
    host, staff = host_of(request), staff_of(request)
    form = InvitesForm(request.POST or None)
    codes: list[str] = []
    if form.is_valid():
        given = account_changes.give_invites(
            staff,
            host,
            [],
            codes_each=form.cleaned_data["codes"],
            uses_each=form.cleaned_data["uses"],
        )
        codes = given[InviteCode.ADMIN]
    context: dict[str, Any] = {
        "title": _("Invite codes"),
        "form": form,
        "codes": codes,
    }
    return render_page(request, "moderation/invites.html", context)


def _may_give(request: HttpRequest) -> bool:
    return permissions.may(staff_of(request), Deed.INVITES_GIVE, host_of(request).tenant_id)


def register(site: ConsoleSite) -> None:
    """Hang the list on the console."""
    site.register(InviteCode, InviteList)
