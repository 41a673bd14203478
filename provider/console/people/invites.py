"""The page that invites people: by a link with a QR code, by mail, or a whole list of them.

A list is shown before it is sent: who would be written to, who is known, what is no address.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.invites import links
from accounts.models import InviteCode
from hosting.console.page import render_page
from hosting.models import Host
from hosting.pages import qr_codes
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation.console.actions import Given, act_on
from moderation.console.views import staff_of
from moderation.staff import account_changes
from protocol.errors import XrpcError
from provider.models import Job
from provider.tenancy.invites import mailed_invites, people_invites

_USES_MAX = 10_000
_LIST_MAX_BYTES = 90_000  # of a form's 100 KiB
_JOBS_SHOWN = 5


class LinkForm(forms.Form):
    """How many people one link admits."""

    uses = forms.IntegerField(
        label=gettext_lazy("People that the link admits"),
        min_value=1,
        max_value=_USES_MAX,
        initial=1,
    )


class MailForm(forms.Form):
    """Whom to write to."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)


class ListForm(forms.Form):
    """Many of them: typed, or a file."""

    listed = forms.CharField(
        label=gettext_lazy("E-mail addresses"),
        required=False,
        strip=False,
        max_length=_LIST_MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line, or a table with a column “email”."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file"), required=False, allow_empty_file=True
    )

    def clean(self) -> None:
        """A file goes before what was typed. One that is too long is refused: cut off, its last
        address could be a stranger's."""
        given: UploadedFile[Any] | None = self.cleaned_data.get("file")
        if given is None:
            return
        octets = given.read(_LIST_MAX_BYTES + 1)
        if len(octets) > _LIST_MAX_BYTES:
            self.add_error("file", people_invites.NobodyToInvite.page_text)
        else:
            self.cleaned_data["listed"] = _text(octets)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`/console/people/invite/`."""
    return _page(request)


@require_POST
def link(request: HttpRequest) -> HttpResponse:
    """Make a link; it is shown once made, and its code stands in the list of codes."""
    form, host = LinkForm(request.POST), host_of(request)
    made = ""
    if form.is_valid():
        try:
            mailed_invites.check_open(host)
            made = links.link(host, _code(request, host, form.cleaned_data["uses"]))
        except XrpcError as refusal:
            refuse(form, refusal, "uses")
    if not made:
        return _page(request, form=form, link_form=form)
    return _page(request, link=made, qr_code=qr_codes.svg(made))


@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Write to one person."""

    def verb(given: Given) -> str:
        mailed_invites.invite(staff_of(request), host_of(request), given["email"])
        return _("%s is invited.") % str(given["email"])

    act_on(request, MailForm(request.POST), verb)
    return redirect("console:invite_people")


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What would be done with a list."""
    form = ListForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            shown = people_invites.preview(host_of(request), form.cleaned_data["listed"])
            return _page(request, preview=shown, addresses="\n".join(shown.to_invite))
        except XrpcError as refusal:
            refuse(form, refusal, "listed")
    return _page(request, form=form, list_form=form)


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Have a job write to everybody on a list."""
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            listed = form.cleaned_data["listed"]
            job = people_invites.begin(staff_of(request), host_of(request), listed)
            return redirect("console:invite_job", job.pk)
        except XrpcError as refusal:
            messages.error(request, refusal.for_page())
    return redirect("console:invite_people")


@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """How far a list is."""
    found = get_object_or_404(_jobs(request), pk=job_id)
    context = {
        "title": _("Invitations"),
        "job": found,
        "counts": found.result or found.place.get("counts", {}),
    }
    return render_page(request, "provider/console/invite_job.html", context)


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    host = Host.objects.get(pk=host_of(request).pk)  # as it is now, not as it is remembered
    context = {
        "title": _("Invite people"),
        "host": host,
        "link_form": LinkForm(),
        "mail_form": MailForm(),
        "list_form": ListForm(),
        "jobs": _jobs(request).order_by("-pk")[:_JOBS_SHOWN],
        **more,
    }
    return render_page(request, "provider/console/invite.html", context)


def _jobs(request: HttpRequest) -> Any:
    return Job.objects.filter(tenant=host_of(request).tenant_id, kind=people_invites.KIND)


def _code(request: HttpRequest, host: Host, uses: int) -> str:
    """A code for so many; none where nobody asks for one."""
    if not Host.objects.get(pk=host.pk).has_invites_required:
        return ""
    staff = staff_of(request)
    given = account_changes.give_invites(staff, host, [], codes_each=1, uses_each=uses)
    return given[InviteCode.ADMIN][0]


def _text(octets: bytes) -> str:
    """As spreadsheets write it: UTF-8, or the code page of Windows."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = octets.decode("cp1252", errors="replace")
    return text.replace("\0", "")
