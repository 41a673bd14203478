"""Labels put and taken back: on the account's page or the record in view, and on anything else."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Account
from hosting.console.site import hosts_in_view
from moderation.console.actions import Given, act_on
from moderation.console.forms import LabelForm, NegationForm
from moderation.console.labels.forms import SubjectForm
from moderation.console.labels.wizard import PAGE, labeler_of
from moderation.console.views import account_url, staff_of
from moderation.labels import changes, labelers
from moderation.models import Labeler


@require_POST
def put(request: HttpRequest, did: str) -> HttpResponse:
    """Put a label on the account, or on the record in view (`?record=collection/rkey`)."""
    labeler = _labeler(request, did)
    form = LabelForm(request.POST)

    def verb(given: Given) -> str:
        return _put(request, labeler, _in_view(request, did), given, form.expires_at)

    act_on(request, form, verb)
    return HttpResponseRedirect(account_url(did, request.GET.get("record")))


@require_POST
def negate(request: HttpRequest, did: str) -> HttpResponse:
    """Take a label off the account, or the record in view."""
    labeler = _labeler(request, did)

    def verb(given: Given) -> str:
        return _negate(request, labeler, _in_view(request, did), given)

    act_on(request, NegationForm(request.POST), verb)
    return HttpResponseRedirect(account_url(did, request.GET.get("record")))


@require_POST
def put_on_any(request: HttpRequest) -> HttpResponse:
    """Put a label on anything on the network."""
    labeler = labeler_of(request)
    form = SubjectForm(request.POST)

    def verb(given: Given) -> str:
        return _put(request, labeler, given["uri"], given, form.expires_at)

    act_on(request, form, verb)
    return redirect(PAGE)


@require_POST
def negate_on_any(request: HttpRequest) -> HttpResponse:
    """Take a label off anything on the network."""
    labeler = labeler_of(request)

    def verb(given: Given) -> str:
        return _negate(request, labeler, given["uri"], given)

    act_on(request, SubjectForm(request.POST), verb)
    return redirect(PAGE)


def _put(
    request: HttpRequest, labeler: Labeler, uri: str, given: Given, expires_at: datetime | None
) -> str:
    is_news = changes.put(
        labeler,
        uri,
        given["val"],
        actor=staff_of(request),
        reason=given["reason"],
        expires_at=expires_at,
    )
    return _("The label is put.") if is_news else _("The label was there already.")


def _negate(request: HttpRequest, labeler: Labeler, uri: str, given: Given) -> str:
    staff, reason = staff_of(request), given["reason"]
    was_there = changes.negate(labeler, uri, given["val"], actor=staff, reason=reason)
    return _("The label is taken back.") if was_there else _("There was no such label.")


def _labeler(request: HttpRequest, did: str) -> Labeler:
    """That of the tenant where the account lives, if it is in view."""
    accounts = Account.objects.filter(host__in=hosts_in_view(request), did=did)
    account = accounts.select_related("host").first()
    if account is None:
        raise Http404(_("No account found for this DID."))
    labeler = labelers.at_work(account.host.tenant_id)
    if labeler is None:
        raise Http404(_("There is no labeler."))
    return labeler


def _in_view(request: HttpRequest, did: str) -> str:
    record = request.GET.get("record")
    return f"at://{did}/{record}" if record else did
