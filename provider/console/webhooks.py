"""Addresses that are told what happens: the list, one with what it was told, and its changes.

A tenant's are at `/console/webhooks/`, the platform's at `/console/platform/webhooks/`: the same
pages, each route with `is_platforms`.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hosting.console.page import render_page
from hosting.models import Tenant
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation.console.actions import Given, act_on
from moderation.console.lists.bounded import BoundedPaginator
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.models import Webhook
from provider.tenancy import tenant_log
from provider.webhooks import addresses
from provider.webhooks.events import Event

_ON_A_PAGE: Final = 50
_NAMES_MAX_CHARS: Final = 4_000


class WebhookForm(forms.Form):
    """An address, and what it is told."""

    url = forms.URLField(label=gettext_lazy("Address"), max_length=2000, assume_scheme="https")
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        required=False,
        choices=[(each.value, each.value) for each in Event],
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=gettext_lazy("None chosen: all of them."),
    )
    collections = forms.CharField(
        label=gettext_lazy("Collections whose records are told"),
        required=False,
        max_length=_NAMES_MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=gettext_lazy("One a line: app.bsky.feed.post, app.bsky.feed.*"),
    )
    has_addresses = forms.ChoiceField(
        label=gettext_lazy("E-mail addresses in what is told"),
        choices=(("", gettext_lazy("no")), ("on", gettext_lazy("yes"))),
        required=False,
    )

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookForm":
        """Filled in as it is."""
        return cls(
            initial={
                "url": webhook.url,
                "events": webhook.events,
                "collections": "\n".join(webhook.collections),
                "has_addresses": "on" if webhook.has_addresses else "",
            }
        )

    def given(self) -> dict[str, Any]:
        """As the verbs take it, once the form is valid."""
        cleaned = self.cleaned_data
        return {
            "url": cleaned["url"],
            "events": cleaned["events"],
            "collections": cleaned["collections"].split(),
            "has_addresses": cleaned["has_addresses"] == "on",
        }


class SpanForm(forms.Form):
    """Two days, both of them whole, by UTC."""

    since = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), widget=forms.DateInput(attrs={"type": "date"})
    )


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest, *, is_platforms: bool) -> HttpResponse:
    """All of them; a POST adds one."""
    tenant = _tenant(request, is_platforms=is_platforms)
    form = WebhookForm(request.POST) if request.method == "POST" else WebhookForm()
    if form.is_valid():
        try:
            with transaction.atomic():
                given = form.given()
                url, events = given.pop("url"), given.pop("events")
                webhook, secret = addresses.create(tenant, url, events, **given)
                tenant_log.note_webhook(staff_of(request), webhook, "added")
            return _page(request, webhook, is_platforms=is_platforms, secret=secret)
        except XrpcError as refusal:
            refuse(form, refusal, "url")
    context = {
        "title": _("Webhooks"),
        "is_platforms": is_platforms,
        "webhooks": Webhook.objects.filter(tenant=tenant).order_by("pk"),
        "form": form,
        "base": _base(is_platforms=is_platforms),
    }
    return render_page(request, "provider/console/webhooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def shown(request: HttpRequest, webhook_id: int, *, is_platforms: bool) -> HttpResponse:
    """One, with what it was told; a POST changes it."""
    webhook = _webhook(request, webhook_id, is_platforms=is_platforms)
    form = WebhookForm(request.POST) if request.method == "POST" else WebhookForm.of(webhook)
    if form.is_valid():
        try:
            with transaction.atomic():
                addresses.change(webhook, **form.given())
                tenant_log.note_webhook(staff_of(request), webhook, "changed")
            messages.success(request, _("It is changed."))
            return _back(webhook_id, is_platforms=is_platforms)
        except XrpcError as refusal:
            refuse(form, refusal, "url")
    return _page(request, webhook, is_platforms=is_platforms, form=form)


@require_POST
def rotate(request: HttpRequest, webhook_id: int, *, is_platforms: bool) -> HttpResponse:
    """Another secret, shown once; for a day both sign."""
    webhook = _webhook(request, webhook_id, is_platforms=is_platforms)
    with transaction.atomic():
        secret = addresses.rotate(webhook)
        tenant_log.note_webhook(staff_of(request), webhook, "another secret")
    return _page(request, webhook, is_platforms=is_platforms, secret=secret)


@require_POST
def switch(request: HttpRequest, webhook_id: int, *, is_platforms: bool) -> HttpResponse:
    """Enable it (`on`), or disable it."""
    webhook, is_enabled = (
        _webhook(request, webhook_id, is_platforms=is_platforms),
        "on" in request.POST,
    )
    with transaction.atomic():
        addresses.change(webhook, is_enabled=is_enabled)
        tenant_log.note_webhook(staff_of(request), webhook, "enabled" if is_enabled else "disabled")
    return _back(webhook_id, is_platforms=is_platforms)


@require_POST
def remove(request: HttpRequest, webhook_id: int, *, is_platforms: bool) -> HttpResponse:
    """Remove it, with what it was told."""
    webhook = _webhook(request, webhook_id, is_platforms=is_platforms)
    with transaction.atomic():
        tenant_log.note_webhook(staff_of(request), webhook, "removed")
        webhook.delete()
    return redirect("console:platform_webhooks" if is_platforms else "console:webhooks")


@require_POST
def replay(request: HttpRequest, webhook_id: int, *, is_platforms: bool) -> HttpResponse:
    """Tell again what happened on some days."""
    webhook = _webhook(request, webhook_id, is_platforms=is_platforms)

    def verb(given: Given) -> str:
        since, until = (_midnight(given[name]) for name in ("since", "until"))
        return _told_again(addresses.replay(webhook, since, until + timedelta(days=1)))

    act_on(request, SpanForm(request.POST), verb)
    return _back(webhook_id, is_platforms=is_platforms)


@require_POST
def replay_one(
    request: HttpRequest, webhook_id: int, delivery_id: int, *, is_platforms: bool
) -> HttpResponse:
    """Tell one event again."""
    webhook = _webhook(request, webhook_id, is_platforms=is_platforms)
    delivery = get_object_or_404(webhook.deliveries, pk=delivery_id)

    def verb(_given: Given) -> str:
        return _told_again(addresses.replay_one(delivery))

    act_on(request, forms.Form(request.POST), verb)
    return _back(webhook_id, is_platforms=is_platforms)


@require_safe
def delivery(
    request: HttpRequest, webhook_id: int, delivery_id: int, *, is_platforms: bool
) -> HttpResponse:
    """What exactly was told."""
    webhook = _webhook(request, webhook_id, is_platforms=is_platforms)
    context = {
        "title": _("What was told"),
        "webhook": webhook,
        "each": get_object_or_404(webhook.deliveries, pk=delivery_id),
        "base": _base(is_platforms=is_platforms),
    }
    return render_page(request, "provider/console/webhook_delivery.html", context)


def _page(
    request: HttpRequest,
    webhook: Webhook,
    *,
    is_platforms: bool,
    form: WebhookForm | None = None,
    secret: str = "",
) -> HttpResponse:
    told = BoundedPaginator(webhook.deliveries.order_by("-pk"), _ON_A_PAGE)
    context = {
        "title": urlsplit(webhook.url).hostname,
        "webhook": webhook,
        "form": form or WebhookForm.of(webhook),
        "span_form": SpanForm(auto_id="span-%s"),
        "secret": secret,
        "page": told.get_page(request.GET.get("page")),
        "base": _base(is_platforms=is_platforms),
    }
    response = render_page(request, "provider/console/webhook.html", context)
    if secret:
        response["Cache-Control"] = "no-store"
    return response


def _tenant(request: HttpRequest, *, is_platforms: bool) -> Tenant | None:
    return None if is_platforms else host_of(request).tenant


def _webhook(request: HttpRequest, webhook_id: int, *, is_platforms: bool) -> Webhook:
    found: QuerySet[Webhook] = Webhook.objects.select_related("tenant")
    tenant = _tenant(request, is_platforms=is_platforms)
    return get_object_or_404(found.filter(tenant=tenant), pk=webhook_id)


def _base(*, is_platforms: bool) -> str:
    """What the names of the pages begin with."""
    return "console:platform_webhook" if is_platforms else "console:webhook"


def _back(webhook_id: int, *, is_platforms: bool) -> HttpResponse:
    return redirect(_base(is_platforms=is_platforms), webhook_id)


def _midnight(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def _told_again(count: int) -> str:
    said = ngettext("%s event is told again.", "%s events are told again.", count)
    return said % count
