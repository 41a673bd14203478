"""Pages of the tenant's policies, of its own texts for notices, and of blocked networks."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.signup import blocked_networks
from hosting.console.page import render_page
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.enforcement.forms import NetworkForm, NoticeTextForm, PolicyForm
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.enforcement import notice_texts, policies, sign_up_blocks
from moderation.enforcement.actions import ACTIONS
from moderation.models import Policy
from moderation.permissions import Deed
from protocol.errors import XrpcError

_LIST = "console:policies"
Context = dict[str, Any]


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """`policies/`: the list, texts by action and language, blocked networks."""
    host = host_of(request)
    told = [(name, row) for name, row in ACTIONS.items() if row.is_of_owner]
    allowed = permissions.deeds_of(staff_of(request), host.tenant_id)
    shown: Context = {
        "title": _("Policies"),
        "policies": [
            (policy, ACTIONS[policy.default_action].label)
            for policy in policies.in_force(host.tenant)
        ],
        "texts": [
            (name, row.label, notice_texts.own_texts(host.tenant, name)) for name, row in told
        ],
        "languages": settings.LANGUAGES,
        "networks": blocked_networks.blocked(host),
        "network_form": NetworkForm(auto_id="network-%s"),
        "may_change": Deed.POLICIES_CHANGE in allowed,
        "may_block": Deed.RANGE_BLOCK in allowed,
    }
    return _page(request, "policies", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, policy_id: int | None = None) -> HttpResponse:
    """`policies/new/` and `policies/<id>/`."""
    policy = None if policy_id is None else _own(request, policy_id)
    if request.method == "POST":
        form = PolicyForm(request.POST)
    else:
        form = PolicyForm.of(policy) if policy else PolicyForm()
    status = 400 if form.is_bound and not form.is_valid() else 200
    if form.is_bound and status == 200:
        try:
            _save(request, policy, form)
            messages.success(request, _("The policy is saved."))
            return redirect(_LIST)
        except XrpcError as refusal:
            refuse(form, refusal)
            status = refusal.status
    title = policy.name if policy else _("New policy")
    intro = _("People read name and text in notices; the rest is for your staff.")
    shown = {"title": title, "intro": intro, "form": form}
    return _page(request, "action", shown, status)


@require_POST
def retire(request: HttpRequest, policy_id: int) -> HttpResponse:
    """`policies/<id>/retire/`: no decision names it from now on."""
    policies.retire(staff_of(request), host_of(request), _own(request, policy_id))
    messages.success(request, _("The policy is retired."))
    return redirect(_LIST)


@require_http_methods(["GET", "HEAD", "POST"])
def text(request: HttpRequest, name: str, language: str) -> HttpResponse:
    """`policies/texts/<action>/<language>/`: the tenant's own words."""
    host, languages = host_of(request), dict(settings.LANGUAGES)
    if name not in notice_texts.DEFAULTS or language not in languages:
        raise Http404
    now = notice_texts.text_of(host.tenant, name, language)
    form = NoticeTextForm(request.POST if request.method == "POST" else None, initial={"text": now})
    status = 200
    if form.is_valid():
        try:
            given = form.cleaned_data["text"]
            notice_texts.change(staff_of(request), host, name, language, given)
            messages.success(request, _("The text is saved."))
            return redirect(_LIST)
        except XrpcError as refusal:
            refuse(form, refusal, "text")
            status = refusal.status
    title = f"{ACTIONS[name].label} ({languages[language]})"
    intro = _("What the notice says first. The rule and how to appeal follow by themselves.")
    return _page(request, "action", {"title": title, "intro": intro, "form": form}, status)


@require_POST
def block_network(request: HttpRequest) -> HttpResponse:
    """`policies/networks/`: nobody signs up from there."""
    form = NetworkForm(request.POST)

    def verb(given: Given) -> str:
        staff, host = staff_of(request), host_of(request)
        sign_up_blocks.block(staff, host, given["network"], given["reason"], form.until)
        return _("Sign-ups from there are blocked.")

    act_on(request, form, verb)
    return redirect(_LIST)


@require_POST
def unblock_network(request: HttpRequest) -> HttpResponse:
    """`policies/networks/remove/`: they may sign up again."""

    def verb(given: Given) -> str:
        network = request.POST.get("network", "")[:50]
        sign_up_blocks.unblock(staff_of(request), host_of(request), network, given["reason"])
        return _("Sign-ups from there are allowed again.")

    act_on(request, ReasonForm(request.POST), verb)
    return redirect(_LIST)


def _own(request: HttpRequest, policy_id: int) -> Policy:
    return get_object_or_404(policies.in_force(host_of(request).tenant), pk=policy_id)


def _save(request: HttpRequest, policy: Policy | None, form: PolicyForm) -> None:
    staff, host = staff_of(request), host_of(request)
    if policy is None:
        policies.add(staff, host, form.rule)
    else:
        policies.change(staff, host, policy, form.rule)


def _page(request: HttpRequest, name: str, shown: Context, status: int = 200) -> HttpResponse:
    return render_page(request, f"moderation/enforcement/{name}.html", shown, status)
