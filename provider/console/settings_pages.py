"""All settings of a host: what each is, who says so, and who changed it; one page to change one.

An owner has them for the host whose console it is, platform staff for every host.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from hosting.console.page import render_page
from hosting.models import Host
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.permissions import Deed
from protocol.errors import XrpcError
from provider.tenancy import host_settings
from provider.tenancy.host_settings import BY_NAME, Current, Setting

Address = Callable[..., str]  # of a setting's page by its name; of the list without one
_VALUE_MAX_CHARS = 2_048
_SOURCES = {
    host_settings.Source.PLATFORM: gettext_lazy("the platform"),
    host_settings.Source.TENANT: gettext_lazy("the tenant"),
    host_settings.Source.HOST: gettext_lazy("the host"),
}


class SettingForm(ReasonForm):
    """One setting by the type of its column, and a reason."""

    field_order = ("value", "reason")

    def __init__(self, setting: Setting, value: Any, data: Any = None) -> None:
        super().__init__(data)
        self.fields["value"] = _typed(setting)
        self.initial["value"] = value
        self.order_fields(self.field_order)


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """`/console/host-settings/`."""
    return _list_page(request, _as_it_is(host_of(request).pk), _own_address)


@require_http_methods(["GET", "HEAD", "POST"])
def own_setting(request: HttpRequest, name: str) -> HttpResponse:
    """`/console/host-settings/<name>/`."""
    return _one(request, _as_it_is(host_of(request).pk), name, _own_address)


@require_safe
def of_host(request: HttpRequest, host_id: int) -> HttpResponse:
    """`/console/hosts/<id>/settings/`, for platform staff."""
    return _list_page(request, _as_it_is(host_id), _address_of(host_id))


@require_http_methods(["GET", "HEAD", "POST"])
def setting_of_host(request: HttpRequest, host_id: int, name: str) -> HttpResponse:
    """`/console/hosts/<id>/settings/<name>/`, for platform staff."""
    return _one(request, _as_it_is(host_id), name, _address_of(host_id))


def _list_page(request: HttpRequest, host: Host, address: Address) -> HttpResponse:
    rows = [
        (each, _shown(each), _SOURCES[each.source], address(each.setting.name))
        for each in host_settings.current(host)
    ]
    context = {"title": _("Settings of %s") % host.hostname, "host": host, "rows": rows}
    return render_page(request, "provider/console/settings.html", context)


def _one(request: HttpRequest, host: Host, name: str, address: Address) -> HttpResponse:
    if name not in BY_NAME:
        raise Http404
    current = next(each for each in host_settings.current(host) if each.setting.name == name)
    staff, setting = staff_of(request), current.setting
    may_change = permissions.may(staff, Deed.SETTINGS_CHANGE, host.tenant_id)
    may_change = may_change and host_settings.may_change(staff, setting)
    form = SettingForm(setting, _raw(current), request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            given, reason = form.cleaned_data["value"], form.cleaned_data["reason"]
            said = host_settings.change_by_staff(staff, host, name, given, reason)
            messages.success(request, "; ".join(said) or _("Nothing differs."))
            return redirect(address(name))
        except XrpcError as refusal:
            refuse(form, refusal, "value")
    context = {
        "title": name,
        "host": host,
        "current": current,
        "shown": _shown(current),
        "source": _SOURCES[current.source],
        "platform": host_settings.shown(setting.platform()),
        "form": form if may_change else None,
        "entries": host_settings.history(host, setting),
        "all_settings": address(),
    }
    return render_page(request, "provider/console/setting.html", context)


def _typed(setting: Setting) -> forms.Field:
    """The form's field for a setting's column. What is left empty is the platform's to say."""
    column, label = setting.field, gettext_lazy("Value")
    if isinstance(column, models.BooleanField):
        choices = (("on", gettext_lazy("on")), ("off", gettext_lazy("off")))
        return forms.ChoiceField(label=label, choices=choices)
    if column.choices:
        return forms.ChoiceField(label=label, choices=column.choices)
    if isinstance(column, models.IntegerField):
        return forms.IntegerField(label=label, required=False, min_value=0, max_value=2**53)
    return forms.CharField(
        label=label,
        required=False,
        max_length=min(column.max_length or _VALUE_MAX_CHARS, _VALUE_MAX_CHARS),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("Empty: what the platform says."),
    )


def _raw(current: Current) -> Any:
    """What a form is filled in with: the platform's own is no choice of the host's."""
    if isinstance(current.value, bool):
        return "on" if current.value else "off"
    return None if current.source == host_settings.Source.PLATFORM else current.value


def _shown(current: Current) -> str:
    choices = dict(current.setting.field.choices or ())
    return str(choices.get(current.value) or host_settings.shown(current.value))


def _as_it_is(host_id: int) -> Host:
    """Not as it is remembered: that is shared, and three seconds old."""
    return get_object_or_404(Host.objects.select_related("tenant"), pk=host_id)


def _own_address(name: str = "") -> str:
    if not name:
        return reverse("console:host_settings")
    return reverse("console:host_setting", args=[name])


def _address_of(host_id: int) -> Address:
    def address(name: str = "") -> str:
        if not name:
            return reverse("console:settings_of_host", args=[host_id])
        return reverse("console:setting_of_host", args=[host_id, name])

    return address
