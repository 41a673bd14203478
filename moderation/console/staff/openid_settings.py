"""The console's page of a tenant's OpenID providers: set, tested, removed; and whom they know."""

from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OpenIdIdentity, OpenIdProvider
from accounts.oauth.openid import checks, discovery, flows
from accounts.oauth.openid.refusals import ProviderWrong
from hosting.console.page import render_page
from hosting.models import Member
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import ReasonForm
from moderation.console.lists.bounded import BoundedPaginator
from moderation.console.views import staff_of
from moderation.permissions import Deed
from moderation.staff import openid_settings
from protocol.errors import XrpcError

_LIST: Final = "console:openid_settings"
_ON_A_PAGE: Final = 50


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """A provider's settings; the secret is taken and never shown."""

    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        max_length=1_000,
        strip=True,
        help_text=gettext_lazy("Kept encrypted. Leave it empty to keep the one that is set."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    roles_text = forms.CharField(
        label=gettext_lazy("Roles of staff"),
        required=False,
        max_length=5_000,
        help_text=gettext_lazy(
            "A line each: value of the claim = role. The first that fits counts."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2_000)

    class Meta:
        model = OpenIdProvider
        fields = (
            "name",
            "issuer",
            "client_id",
            "client_auth",
            "scope",
            "is_enabled",
            "is_for_people",
            "is_admitting",
            "handle_claim",
            "member_claim",
            "member_value",
            "move_out_days",
            "frozen_after_days",
            "is_for_staff",
            "role_claim",
        )
        labels = {
            "name": gettext_lazy("Name on buttons"),
            "issuer": gettext_lazy("Issuer"),
            "client_id": gettext_lazy("Client ID"),
            "client_auth": gettext_lazy("How this host proves itself"),
            "scope": gettext_lazy("Scope"),
            "is_enabled": gettext_lazy("In use"),
            "is_for_people": gettext_lazy("People sign in with it"),
            "is_admitting": gettext_lazy("Whoever it lets in may have an account"),
            "handle_claim": gettext_lazy("Claim for the handle"),
            "member_claim": gettext_lazy("Claim that names your people"),
            "member_value": gettext_lazy("Its value"),
            "move_out_days": gettext_lazy("Days to move out for who has left"),
            "frozen_after_days": gettext_lazy("Freeze who has not signed in for so many days"),
            "is_for_staff": gettext_lazy("Staff sign in with it"),
            "role_claim": gettext_lazy("Claim for roles of staff"),
        }

    field_order = ("name", "issuer", "client_id", "secret")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        roles = self.instance.roles or {}
        self.fields["roles_text"].initial = "\n".join(f"{v} = {r}" for v, r in roles.items())

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"].strip()
        try:
            discovery.check_issuer(issuer)
        except ProviderWrong as refusal:
            raise forms.ValidationError(refusal.message) from None
        return issuer

    def clean_roles_text(self) -> str:
        text: str = self.cleaned_data["roles_text"]
        try:
            self.instance.roles = openid_settings.roles_in(text, dict(Member.Role.choices))
        except ValueError as line:
            raise forms.ValidationError(_("Not a line of this form: %s") % line) from None
        return text


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/sign-in/`: the providers, and the address to register at them."""
    shown = {"providers": openid_settings.all_of(host_of(request))}
    return _page(request, "moderation/openid_providers.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """`/console/sign-in/new/`."""
    return _form(request, OpenIdProvider())


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, provider_id: int) -> HttpResponse:
    """`/console/sign-in/<id>/`."""
    return _form(request, _found(request, provider_id))


@require_POST
def test(request: HttpRequest, provider_id: int) -> HttpResponse:
    """`/console/sign-in/<id>/test/`: ask the provider, and say each problem in a line."""
    provider = _found(request, provider_id)
    permissions.require(staff_of(request), Deed.SETTINGS_CHANGE, provider.tenant_id)
    return _form(request, provider, problems=checks.problems(provider))


@require_POST
def remove(request: HttpRequest, provider_id: int) -> HttpResponse:
    """`/console/sign-in/<id>/remove/`."""
    provider = _found(request, provider_id)

    def verb(given: Given) -> str:
        openid_settings.remove(staff_of(request), host_of(request), provider, given["reason"])
        return _("The way to sign in is removed.")

    act_on(request, ReasonForm(request.POST), verb)
    return redirect(_LIST)


@require_POST
def freeze(request: HttpRequest, identity_id: int) -> HttpResponse:
    """`/console/sign-in/people/<id>/freeze/`, and `thaw`."""
    people = OpenIdIdentity.objects.filter(host__tenant=host_of(request).tenant_id)
    people = people.select_related("account__host__tenant", "provider", "host__tenant")
    identity = get_object_or_404(people, pk=identity_id)
    is_thaw = "thaw" in request.POST

    def verb(given: Given) -> str:
        act = openid_settings.thaw if is_thaw else openid_settings.freeze
        act(staff_of(request), identity, given["reason"])
        return _("The account is active again.") if is_thaw else _("The account is frozen.")

    act_on(request, ReasonForm(request.POST), verb)
    return redirect("console:openid_provider", identity.provider_id)


def _form(
    request: HttpRequest, provider: OpenIdProvider, problems: list[str] | None = None
) -> HttpResponse:
    is_sent = request.method == "POST" and problems is None
    form = ProviderForm(request.POST if is_sent else None, instance=provider)
    if is_sent and form.is_valid():
        given = form.cleaned_data
        try:
            saved = openid_settings.save(
                staff_of(request), host_of(request), form.instance, given["secret"], given["reason"]
            )
            return redirect("console:openid_provider", saved.pk)
        except XrpcError as refusal:
            refuse(form, refusal)
    shown = {
        "form": form,
        "provider": provider if provider.pk else None,
        "back_url": flows.back_url(host_of(request), provider),
        "problems": problems,
        "people": _people(request, provider),
    }
    return _page(request, "moderation/openid_provider.html", shown)


def _people(request: HttpRequest, provider: OpenIdProvider) -> Any:
    """Whom it knows at the hosts of the tenant, the frozen first."""
    if provider.pk is None:
        return None
    people = provider.identities.select_related("account", "host", "provider")
    ordered = people.order_by("-left_at", "-pk")
    return BoundedPaginator(ordered, _ON_A_PAGE).get_page(request.GET.get("page"))


def _found(request: HttpRequest, provider_id: int) -> OpenIdProvider:
    provider = openid_settings.of_tenant(host_of(request), provider_id)
    if provider is None:
        raise Http404
    return provider


def _page(request: HttpRequest, template: str, shown: dict[str, Any]) -> HttpResponse:
    host = host_of(request)
    context = {
        "title": _("Sign-in with OpenID Connect"),
        "may_change": permissions.may(staff_of(request), Deed.SETTINGS_CHANGE, host.tenant_id),
        "may_freeze": permissions.may(staff_of(request), Deed.SUSPEND, host.tenant_id),
        **shown,
    }
    return render_page(request, template, context)
