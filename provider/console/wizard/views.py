"""The wizard's pages: a form a step, what was seen from outside, and how it ended.

POST, then redirect. Every page may be left and come back to from the list of tenants.
"""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.invites import links
from hosting.console.page import render_page
from hosting.models import Host
from hosting.pages import colours, qr_codes
from hosting.pages.brand import DARK_PAGE, LIGHT_PAGE
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.console.wizard.forms import STEPS, AdmissionStep, BrandStep, StepForm
from provider.models import TenantDraft
from provider.tenancy import drafts, host_checks

_NAMES: Final = list(STEPS)


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """`/console/tenants/new/`."""
    try:
        draft = drafts.begin(staff_of(request))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return redirect("console:tenants")
    return redirect("console:draft_step", draft.pk, _NAMES[0])


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, draft_id: int, name: str) -> HttpResponse:
    """One step's form; `preview` shows what was typed and keeps nothing."""
    if name not in STEPS:
        raise Http404
    draft = _found(draft_id)
    if draft.opened_at is not None:
        return redirect("console:draft_checks", draft.pk)
    if request.method != "POST":
        return _form_page(request, draft, name, STEPS[name](draft))
    try:
        drafts.take_back(draft)  # its own names are free again while they are checked
        form = STEPS[name](_found(draft_id), request.POST)
        if form.is_valid() and "preview" not in request.POST:
            drafts.fill(draft, form.cleaned_data)
            return redirect(*_next(draft, name))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return redirect("console:draft_checks", draft.pk)
    return _form_page(request, draft, name, form)


@require_GET
def checks(request: HttpRequest, draft_id: int) -> HttpResponse:
    """What was entered and what was seen from outside; of an opened one, the way in."""
    draft = _found(draft_id)
    context: dict[str, Any] = {
        "title": str(draft),
        "draft": draft,
        "steps": _steps(draft),
        "missing": _missing(draft),
        "is_reachable": drafts.is_reachable(draft),
        "facts": _facts(draft),
        "same_site": host_checks.same_site_said(
            Host(hostname=draft.given.get("hostname", ""), app_url=draft.given.get("app_url", ""))
        ),
    }
    if draft.opened_at is not None and draft.host is not None:
        link = links.link(draft.host, draft.invite_code)
        context |= {"link": link, "qr_code": qr_codes.svg(link)}
    return render_page(request, "provider/console/draft_checks.html", context)


@require_POST
def look(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Make the host, which admits nobody yet, and look at it from outside."""
    draft = _found(draft_id)
    if missing := _missing(draft):
        return redirect("console:draft_step", draft.pk, missing)
    try:
        drafts.make(draft)
        drafts.look(_found(draft_id))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
    return redirect("console:draft_checks", draft.pk)


@require_POST
def open_host(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Look once more, then admit people and invite the owner."""
    draft = _found(draft_id)
    try:
        drafts.look(draft)
        drafts.open_host(draft, staff_of(request))
        messages.success(request, _("The host is open."))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
    return redirect("console:draft_checks", draft.pk)


@require_POST
def remove(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Remove the draft, and all that was made of it unless it was opened."""
    try:
        drafts.remove(_found(draft_id))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return redirect("console:draft_checks", draft_id)
    return redirect("console:tenants")


def _form_page(request: HttpRequest, draft: TenantDraft, name: str, form: StepForm) -> HttpResponse:
    context: dict[str, Any] = {
        "title": form.title,
        "draft": draft,
        "name": name,
        "steps": _steps(draft),
        "form": form,
    }
    if isinstance(form, BrandStep) and form.colour:
        context["previews"] = [_preview(form.colour, page) for page in (LIGHT_PAGE, DARK_PAGE)]
    return render_page(request, "provider/console/draft_step.html", context)


def _preview(colour: str, page: str) -> dict[str, Any]:
    """The colour on a page, as people will see it there."""
    shown = colours.readable_on(colour, page)
    return {
        "page": page,
        "text": colours.text_on(page),
        "shown": shown,
        "on_shown": colours.text_on(shown),
        "contrast": f"{colours.contrast(colour, page):.1f}",
        "is_moved": shown != colour,
    }


def _next(draft: TenantDraft, name: str) -> tuple[Any, ...]:
    place = _NAMES.index(name) + 1
    if place < len(_NAMES):
        return "console:draft_step", draft.pk, _NAMES[place]
    return "console:draft_checks", draft.pk


def _steps(draft: TenantDraft) -> list[tuple[str, Any, bool]]:
    """Each step's name and title, and whether it is filled in."""
    return [(name, form.title, _is_filled(draft, form)) for name, form in STEPS.items()]


def _missing(draft: TenantDraft) -> str:
    """The first step that is not filled in; empty: none."""
    return next((name for name, form in STEPS.items() if not _is_filled(draft, form)), "")


def _is_filled(draft: TenantDraft, form: type[StepForm]) -> bool:
    return set(form.base_fields) <= set(draft.given)


def _facts(draft: TenantDraft) -> list[tuple[str, str]]:
    """What was entered, by label."""
    labels = dict(AdmissionStep.base_fields["admission"].choices)  # type: ignore[attr-defined]
    shown = {**draft.given, "domains": ", ".join(draft.given.get("domains", []))}
    if "admission" in shown:
        shown["admission"] = labels.get(shown["admission"], "")
    fields = {name: field for form in STEPS.values() for name, field in form.base_fields.items()}
    return [(str(fields[each].label), str(shown[each])) for each in fields if shown.get(each)]


def _found(draft_id: int) -> TenantDraft:
    return get_object_or_404(TenantDraft.objects.select_related("host__tenant"), pk=draft_id)
