"""The second factors of who is signed in to the console: added and removed, each with the password.

Whoever must have one and has none comes here first, and nowhere else before that.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication.factors import ceremonies, changes, passkeys, recovery_codes, totp
from accounts.authentication.factors.holders import Holder
from accounts.models import Totp
from hosting import limits
from hosting.console.page import render_page
from hosting.console.site import console
from moderation.console.staff import openid_sign_in, second_step
from moderation.console.views import staff_of
from moderation.staff import own_changes
from protocol.errors import XrpcError


class OwnFactorForm(forms.Form):
    """What is to be done (`deed`), what that takes, and the password."""

    deed = forms.ChoiceField(choices=[(each, each) for each in ("app", "passkey", "codes", "drop")])
    started = forms.CharField(required=False, max_length=2048)
    code = forms.CharField(required=False, max_length=100)
    name = forms.CharField(required=False, max_length=passkeys.NAME_MAX_CHARACTERS)
    passkey = forms.CharField(required=False, max_length=ceremonies.RESPONSE_MAX_CHARS)
    passkey_id = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    password = forms.CharField(label=_("Password"), required=False, strip=False, max_length=512)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """`/console/factors/`."""
    way = second_step.way_in(request) if console.is_staff_here(request) else second_step.STEP
    if way not in {"", second_step.OWN}:
        return redirect("console:index")
    holder = second_step.holder_of(request)
    form = OwnFactorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _prove(request, form.cleaned_data["password"])
            with transaction.atomic():
                codes = _VERBS[form.cleaned_data["deed"]](holder, form.cleaned_data)
                own_changes.log_factors(request, form.cleaned_data["deed"])
            if holder.has_strong():
                second_step.note_shown(request)
            return _codes(request, holder, codes) if codes else redirect(second_step.OWN)
        except (XrpcError, ValidationError) as refusal:
            form.add_error(None, _said(refusal))
    return _page(request, holder, form)


def _prove(request: HttpRequest, password: str) -> None:
    """Hold the password against their own; attempts count as those to sign in. Who has none signs
    in at their provider, which must have been just now."""
    staff = staff_of(request)
    if not staff.has_usable_password():
        if not openid_sign_in.is_fresh(request):
            raise ValidationError(_("Sign out, and sign in once more: then add it at once."))
        return
    with limits.staff_logging_in(request, staff.get_username(), ValidationError):
        if not staff.check_password(password):
            raise ValidationError(_("The password is wrong."))


def _add_app(holder: Holder, given: dict[str, Any]) -> list[str]:
    return changes.add_app(holder, given["started"], given["code"])


def _add_passkey(holder: Holder, given: dict[str, Any]) -> list[str]:
    return changes.add_passkey(holder, given["passkey"], given["name"])


def _drop(holder: Holder, given: dict[str, Any]) -> list[str]:
    if given["passkey_id"]:
        changes.remove_passkey(holder, given["passkey_id"])
    else:
        changes.remove_app(holder)
    return []


_VERBS: dict[str, Callable[[Holder, dict[str, Any]], list[str]]] = {
    "app": _add_app,
    "passkey": _add_passkey,
    "codes": lambda holder, _given: changes.replace_recovery_codes(holder),
    "drop": _drop,
}


def _said(refusal: XrpcError | ValidationError) -> str:
    return refusal.for_page() if isinstance(refusal, XrpcError) else str(refusal.messages[0])


def _page(request: HttpRequest, holder: Holder, form: OwnFactorForm) -> HttpResponse:
    started = str(form.data.get("started", ""))
    secret = totp.started(holder, started)
    if secret is None:
        started = totp.start(holder)
        secret = totp.started(holder, started) or ""
    context = {
        "title": _("Your second factors"),
        "form": form,
        "must": second_step.way_in(request) == second_step.OWN,
        "started": started,
        "secret": secret,
        "qr_code": totp.qr_code(holder, secret),
        "options": passkeys.options_to_add(holder),
        "app": Totp.objects.filter(**holder.owned).first(),
        "passkeys": passkeys.of_holder(holder),
        "codes_left": recovery_codes.left(holder),
        "has_strong": holder.has_strong(),
        "has_password": staff_of(request).has_usable_password(),
    }
    return render_page(request, "moderation/own_factors.html", context)


def _codes(request: HttpRequest, holder: Holder, codes: list[str]) -> HttpResponse:
    lines = "\n".join([holder.name, f"{holder.host.origin}/console/", "", *codes, ""])
    context = {
        "title": _("Your recovery codes"),
        "codes": codes,
        "file": f"data:text/plain;charset=utf-8,{quote(lines)}",
    }
    return render_page(request, "moderation/own_codes.html", context)
