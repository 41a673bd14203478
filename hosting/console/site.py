"""The console's AdminSite. Packages above add models and pages in their own `console` package,
which `hosting.urls` discovers, so that this package need not know them.

Who gets in: platform staff everywhere; a tenant's members on the tenant's own host names only.
"""

from collections.abc import Callable, Collection, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, reverse_lazy
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from hosting import limits
from hosting.models import PLATFORM, Host, HostQuerySet, StaffUser
from hosting.models.signals import staff_password_changed
from hosting.tenancy.routing import host_of
from server.database import connection

View = Callable[..., HttpResponseBase]

# They tell whether a row of any tenant exists, and nothing here leads to them.
_UNUSED = frozenset({"view_on_site", "autocomplete"})


class StaffSignIn(AuthenticationForm):
    """The console's sign-in form. Names and passwords cannot be tried without end."""

    refusal: limits.RateLimitExceeded | None = None

    def clean(self) -> dict[str, Any]:
        request: HttpRequest = self.request
        name = self.cleaned_data.get("username", "")
        try:
            with limits.staff_logging_in(request, name, ValidationError):
                cleaned: dict[str, Any] = super().clean()
        except limits.RateLimitExceeded as refusal:
            self.refusal = refusal
            raise ValidationError(refusal.for_page()) from None
        return cleaned


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """The console's form for one's own password; the old one is no easier to guess here."""

    refusal: limits.RateLimitExceeded | None = None

    def __init__(self, *args: Any, request: HttpRequest, **more: Any) -> None:
        super().__init__(*args, **more)
        self.request = request

    def clean_old_password(self) -> str:
        try:
            with limits.staff_logging_in(self.request, self.user.get_username(), ValidationError):
                old: str = super().clean_old_password()
                return old
        except limits.RateLimitExceeded as refusal:
            self.refusal = refusal
            raise ValidationError(refusal.for_page()) from None


class OwnPassword(PasswordChangeView):
    """`/console/password_change/`."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("console:password_change_done")
    template_name = "registration/password_change_form.html"

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            staff_password_changed.send(sender=StaffUser, request=self.request)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


class ConsoleSite(UnfoldAdminSite):
    """`/console/`, in the tenant's name."""

    index_template = "moderation/console_index.html"
    index_title = _("Look up")
    login_form = StaffSignIn

    def __init__(self) -> None:
        super().__init__(name="console")
        self.pages: list[URLPattern] = []
        # Where who gave the right password has to go before anything opens, if anywhere; set by a
        # package above.
        self.way_in: Callable[[HttpRequest], str] | None = None
        # What staff of a host sign in by instead of a password; set likewise.
        self.sign_in_ways: Callable[[Host], Sequence[Any]] | None = None
        # What somebody is answered whose role does not open a page, None for whom it does; set by
        # a package above.
        self.refusal: Callable[[HttpRequest], HttpResponseBase | None] | None = None
        # Names of the pages that somebody's role opens; set likewise.
        self.opened_to: Callable[[HttpRequest], Collection[str]] | None = None

    def get_urls(self) -> list[URLPattern]:
        admin_urls = [url for url in super().get_urls() if getattr(url, "name", "") not in _UNUSED]
        return [*self.pages, *admin_urls]

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Django's own, for those whose role opens the page; its statements are planned by Postgres
        for what is asked."""
        return super().admin_view(self._for_roles(_planned_by_value(view)), cacheable)

    def _for_roles(self, view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refused = self.refusal(request) if self.refusal is not None else None
            return view(request, *args, **kwargs) if refused is None else refused

        return opened

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own; 429 when names and passwords were tried too often. Who has more to show
        than a password goes there next."""
        if self.is_staff_here(request) and (way := self._way_in(request)):
            return redirect(way)
        ways = self.sign_in_ways(host_of(request)) if self.sign_in_ways is not None else ()
        shown = {**(extra_context or {}), "sign_in_ways": ways}
        return _refused_if_too_many(super().login(request, shown))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own, with a form that counts wrong passwords."""
        context = {**self.each_context(request), **(extra_context or {})}
        request.current_app = self.name
        return _refused_if_too_many(OwnPassword.as_view(extra_context=context)(request))

    def search(self, _request: HttpRequest, _context: dict[str, Any] | None = None) -> HttpResponse:
        """Unfold's palette, which keeps what it finds by user alone; ours is the look-up."""
        raise Http404

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff of the tenant whose host name was asked for, and platform staff: those who have
        nothing more to show."""
        return self.is_staff_here(request) and not self._way_in(request)

    def is_staff_here(self, request: HttpRequest) -> bool:
        """Whether the right password of somebody on this tenant's staff, or the platform's, was
        given."""
        user = request.user
        if not isinstance(user, StaffUser) or not (user.is_active and user.is_staff):
            return False
        return bool(user.roles_at(host_of(request).tenant_id))

    def _way_in(self, request: HttpRequest) -> str:
        """Asked once a request: a page asks for permission several times."""
        if not hasattr(request, "console_way_in"):
            way = self.way_in(request) if self.way_in is not None else ""
            request.console_way_in = way  # type: ignore[attr-defined]
        found: str = request.console_way_in  # type: ignore[attr-defined]
        return found

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Unfold's, with the pages that this member of staff may open; a group without any is left
        out. `current` of a group: the title of its page that is open."""
        groups: list[dict[str, Any]] = super().get_sidebar_list(request)
        if self.opened_to is not None and self.has_permission(request):
            opened = self.opened_to(request)
            for group in groups:
                group["items"] = [each for each in group["items"] if each["page"] in opened]
        for group in groups:
            active = [each["title"] for each in group["items"] if each["active"]]
            group["current"] = active[0] if active else ""
        return [group for group in groups if group["items"]]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        tenant = host_of(request).tenant
        return {
            **super().each_context(request),
            "site_title": tenant.name,
            "site_header": tenant.name,
            "site_subheader": _("Staff console"),
            "may_break_glass": settings.BREAK_GLASS
            and getattr(request.user, "is_platform_staff", False),
        }


def _refused_if_too_many(response: HttpResponseBase) -> HttpResponseBase:
    """The form's page, with the status and `Retry-After` of the budget that it has used up."""
    shown = getattr(response, "context_data", None) or {}
    refusal = getattr(shown.get("form"), "refusal", None)
    if refusal is not None:
        response.status_code = refusal.status
        for name, value in refusal.headers.items():
            response[name] = value
    return response


def hosts_in_view(request: HttpRequest) -> HostQuerySet:
    """The hosts whose accounts this request may see: those of the tenant whose console it is, or
    all for platform staff who need no access (`BREAK_GLASS`)."""
    user = request.user
    if not isinstance(user, StaffUser):
        return Host.objects.none()
    if user.is_platform_staff and not settings.BREAK_GLASS:
        return Host.objects.all()
    tenant_id = host_of(request).tenant_id
    hosts = Host.objects.filter(tenant=tenant_id)
    return hosts if user.roles_at(tenant_id) - {PLATFORM} else hosts.none()


def _planned_by_value(view: View) -> View:
    @wraps(view)
    def planned(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        with connection.planned_by_value():
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return planned


console = ConsoleSite()
