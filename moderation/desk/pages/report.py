"""The public page `/report`: report something on this host, with or without an account."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.captcha.widgets import Captcha
from accounts.pages.forms.accounts import AS_TYPED, HostForm
from accounts.signup import captcha
from hosting import limits
from hosting.models import Host
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from moderation.desk.reports import from_outside
from moderation.models import Case
from protocol.errors import XrpcError

_TEMPLATE = "moderation/desk/report_something.html"
_KINDS = [("", "---"), *((kind, Case.Kind(kind).label) for kind in from_outside.REASONS)]


class ReportForm(HostForm):
    """What is wrong, and where."""

    subject = forms.CharField(
        label=_("What is it about?"),
        max_length=from_outside.SUBJECT_MAX_CHARS,
        help_text=_("The link to the post or profile, or its handle."),
        widget=forms.TextInput(attrs={**AS_TYPED, "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("What is wrong?"), choices=_KINDS)
    text = forms.CharField(
        label=_("In your own words"),
        max_length=from_outside.TEXT_MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    contact = forms.EmailField(
        label=_("Your e-mail address, if you want"),
        required=False,
        max_length=320,
        help_text=_("Only the staff of this server see it."),
    )

    def __init__(self, host: Host, data: Any = None) -> None:
        super().__init__(host, data)
        self.captcha = Captcha(host) if host.admission == Host.Admission.CAPTCHA else None

    def check_captcha(self, address: str) -> None:
        """Raises CaptchaRefused where the host asks for a captcha and it was not solved."""
        if self.captcha is not None:
            captcha.check(self.host, self.captcha.answer_in(self.data), address)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, and thanks for a report."""
    form = ReportForm(host_of(request), posted(request))
    response = _answer(request, form)
    if form.captcha and form.captcha.sources:
        response["Content-Security-Policy"] = page_policy(form.captcha.sources)
    return response


def _answer(request: HttpRequest, form: ReportForm) -> HttpResponse:
    if not form.is_valid():
        return show_form(request, _TEMPLATE, form, shown={})
    given = form.cleaned_data
    try:
        limits.attempt(request, from_outside.OF_NETWORK, form.host)
        form.check_captcha(request.META.get("REMOTE_ADDR", ""))
        from_outside.file(
            form.host, given["subject"], given["kind"], given["text"], given["contact"]
        )
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _TEMPLATE, form, status_of(refusal), shown={})
    return render(request, "moderation/desk/report_thanks.html", {"host": form.host})
