"""Plans: the list, one with those who have it and what was changed of it, forms that make and
change one. They are the platform's alone."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hosting.console import quota_rows
from hosting.console.page import render_page
from hosting.models import Plan
from hosting.models.plans import GRACE_MAX_DAYS
from hosting.pages.form_errors import refuse
from hosting.plans.limits import KINDS, OF_ACCOUNT, OF_TENANT, Limit
from moderation.console.actions import act_on
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.console.limit_fields import LimitsForm
from provider.errors import NameTaken
from provider.tenancy import plans

_TENANTS_SHOWN: Final = 200


class PlanForm(LimitsForm):
    """What a plan says."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    grace_days = forms.IntegerField(
        label=gettext_lazy("Days of grace"),
        min_value=0,
        max_value=GRACE_MAX_DAYS,
        initial=0,
        help_text=gettext_lazy("For so long a limit that gets smaller stays what it was."),
    )

    def __init__(self, plan: Plan | None, data: Any = None) -> None:
        super().__init__(plan.limits if plan is not None else {}, data)
        if plan is not None:
            self.initial.update(name=plan.name, grace_days=plan.grace_days)

    @property
    def plan_fields(self) -> dict[str, object]:
        """What is no limit, as the verbs take it, once the form is valid."""
        return {name: self.cleaned_data[name] for name in plans.FIELDS}


class NewPlanForm(PlanForm):
    """A plan to be made."""

    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
        help_text=gettext_lazy("For commands and lists: club"),
    )
    field_order = ("slug", "name", "grace_days")


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/plans/`."""
    context = {"title": _("Plans"), "plans": plans.listed()}
    return render_page(request, "provider/console/plans.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """`/console/plans/new/`."""
    form = NewPlanForm(None, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            slug, by = form.cleaned_data["slug"], staff_of(request)
            made = plans.create(slug, form.plan_fields, form.given, by)
            return redirect("console:plan", made.slug)
        except NameTaken:
            form.add_error("slug", _("This name is taken."))
        except XrpcError as refusal:
            refuse(form, refusal, "slug")
    context = {"title": _("New plan"), "form": form}
    return render_page(request, "provider/console/plan_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def shown(request: HttpRequest, slug: str) -> HttpResponse:
    """`/console/plans/<slug>/`; a POST changes it, for all who have it."""
    plan = get_object_or_404(Plan, slug=slug)
    form = PlanForm(plan, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            said = plans.change(plan, form.plan_fields, form.given, staff_of(request))
            messages.success(request, "; ".join(said) or _("Nothing differs."))
        except XrpcError as refusal:
            messages.error(request, refusal.for_page())
        return redirect("console:plan", slug)
    tenants = plan.tenants.filter(deleted_at=None).order_by("slug")
    context = {
        "title": plan.name,
        "plan": plan,
        "form": form,
        "groups": [_limits(plan, OF_TENANT), _limits(plan, OF_ACCOUNT)],
        "tenants": tenants[:_TENANTS_SHOWN],
        "tenants_count": tenants.count(),
        "entries": plans.history(plan),
    }
    return render_page(request, "provider/console/plan.html", context)


@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Give it to nobody any more, or (`offer`) again."""
    plan = get_object_or_404(Plan, slug=slug)
    (plans.offer if "offer" in request.POST else plans.retire)(plan, staff_of(request))
    return redirect("console:plan", slug)


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove one that nobody has; who has it is named."""
    plan = get_object_or_404(Plan, slug=slug)

    def verb(_given: Any) -> str:
        plans.delete(plan, staff_of(request))
        return _("%s is removed.") % slug

    is_gone = act_on(request, forms.Form(request.POST), verb)
    return redirect("console:plans") if is_gone else redirect("console:plan", slug)


def _limits(plan: Plan, wanted: tuple[Limit, ...]) -> list[tuple[Any, str]]:
    """Each limit's name, and what the plan says of it; empty: nothing."""
    found = []
    for limit in wanted:
        value = plan.limits.get(limit)
        said = quota_rows.amount(limit, value) if value is not None else _("no limit")
        found.append((KINDS[limit].label, said if limit in plan.limits else ""))
    return found
