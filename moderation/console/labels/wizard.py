"""The labeler's page: the steps of setting it up, each a form, and how far they are."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account
from hosting.console.page import render_page
from hosting.models import Host, StaffUser
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation import lookup, permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import ReasonForm
from moderation.console.labels.forms import CodeForm, HidingForm, OpenForm, SubjectForm, TakeForm
from moderation.console.views import staff_of
from moderation.labels import declarations, hiding, labelers, probes, retiring, setting_up
from moderation.models import Labeler
from moderation.permissions import Deed
from protocol.errors import XrpcError

PAGE = "console:labels"
Verb = Callable[[StaffUser, Labeler, Given], str]  # a step: the sentence of how it went
View = Callable[[HttpRequest], HttpResponse]
_COUNTED_MAX: Final = 10_000


@require_GET
def shown(request: HttpRequest) -> HttpResponse:
    """What there is, and what comes next."""
    return _page(request)


@require_POST
def open_account(request: HttpRequest) -> HttpResponse:
    """Open an account for the labeler."""
    form = OpenForm(request.POST)

    def verb() -> None:
        setting_up.open_account(staff_of(request), host_of(request), form.wanted)

    return _begun(request, form, verb, {"open_form": form})


@require_POST
def take_account(request: HttpRequest) -> HttpResponse:
    """Make an account of the tenant the labeler."""
    form = TakeForm(request.POST)

    def verb() -> None:
        hosts = Host.objects.filter(tenant_id=host_of(request).tenant_id)
        found = lookup.find(hosts, form.cleaned_data["account"])
        if found is None:
            raise setting_up.UnfitAccount
        setting_up.take_account(staff_of(request), found.account)

    return _begun(request, form, verb, {"take_form": form})


def _step(form: type[Form]) -> Callable[[Verb], View]:
    """Make a view of what a step does: a POST fills in `form`, acts, and tells how it went."""

    def made(verb: Verb) -> View:
        @wraps(verb)
        def view(request: HttpRequest) -> HttpResponse:
            labeler = labeler_of(request)
            act = partial(verb, staff_of(request), labeler)
            act_on(request, form(request.POST), act)
            return redirect(PAGE)

        return require_POST(view)

    return made


@_step(Form)
def request_code(staff: StaffUser, labeler: Labeler, _given: Given) -> str:
    """Mail the code by which the account's owner agrees."""
    setting_up.request_code(staff, labeler)
    return _("The code is on its way to the account's e-mail address.")


@_step(CodeForm)
def publish(staff: StaffUser, labeler: Labeler, given: Given) -> str:
    """Have the identity name host and key."""
    if setting_up.publish(staff, labeler, given["code"].strip()):
        return _("The identity names the labeler.")
    return _("The PLC directory has not confirmed it yet. Please try again in a moment.")


@_step(Form)
def rotate_key(staff: StaffUser, labeler: Labeler, _given: Given) -> str:
    """Make another key, which the identity names after the next step."""
    setting_up.begin_rotation(staff, labeler)
    return _("The new key is ready. Publish it now; until then the old one signs.")


@_step(Form)
def declare(staff: StaffUser, labeler: Labeler, _given: Given) -> str:
    """Write the declaration."""
    declarations.declare(staff, labeler)
    return _("The labeler is declared.")


@_step(Form)
def probe(staff: StaffUser, labeler: Labeler, _given: Given) -> str:
    """Look at the labeler from outside."""
    faults = probes.probe(staff, labeler)
    return _("Something is wrong, see below.") if faults else _("All is well from outside.")


@_step(HidingForm)
def set_hiding(staff: StaffUser, labeler: Labeler, given: Given) -> str:
    """Choose the labels that also take down."""
    hiding.choose(staff, labeler, given["hides"])
    return _("The choice is saved.")


@_step(ReasonForm)
def retire(staff: StaffUser, labeler: Labeler, given: Given) -> str:
    """Take the declaration back and begin to take back all labels."""
    retiring.withdraw(staff, labeler, given["reason"])
    return _("The declaration is gone. The labels are being taken back.")


@_step(CodeForm)
def leave_identity(staff: StaffUser, labeler: Labeler, given: Given) -> str:
    """Have the identity name the labeler no longer."""
    if retiring.leave_identity(staff, labeler, given["code"].strip()):
        return _("The labeler is retired.")
    return _("The PLC directory has not confirmed it yet. Please try again in a moment.")


@_step(ReasonForm)
def resume(staff: StaffUser, labeler: Labeler, given: Given) -> str:
    """Set a retired labeler up again."""
    retiring.resume(staff, labeler, given["reason"])
    return _("The labeler is there. Its labels are served from now on.")


def labeler_of(request: HttpRequest) -> Labeler:
    """The labeler of the host's tenant, which is all that there is to see here."""
    labeler = labelers.of_tenant(host_of(request).tenant_id)
    if labeler is None:
        raise Http404(_("There is no labeler."))
    return labeler


def _begun(
    request: HttpRequest, form: Form, verb: Callable[[], None], forms: dict[str, Form]
) -> HttpResponse:
    """Show the form again with what is wrong, or go on."""
    if not form.is_valid():
        return _page(request, forms, status=400)
    try:
        verb()
    except XrpcError as refusal:
        refuse(form, refusal)
        return _page(request, forms, status=refusal.status)
    messages.success(request, _("The labeler is there. Its labels are served from now on."))
    return redirect(PAGE)


def _page(
    request: HttpRequest, forms: dict[str, Form] | None = None, status: int = 200
) -> HttpResponse:
    host = host_of(request)
    labeler = labelers.of_tenant(host.tenant_id)
    wrong = next(iter((forms or {}).values()), None)
    context: dict[str, Any] = {
        "title": _("Labels"),
        "labeler": labeler,
        "form": wrong,
        "open_form": OpenForm(auto_id="open-%s"),
        "take_form": TakeForm(auto_id="take-%s"),
        **(forms or {}),
        "domain": host.handle_domains.first(),
        "may_set_up": permissions.may(staff_of(request), Deed.LABELER_SET_UP, host.tenant_id),
    }
    if labeler is not None:
        context |= _facts(labeler)
    return render_page(request, "moderation/labels.html", context, status)


def _facts(labeler: Labeler) -> dict[str, Any]:
    account = labeler.account
    is_open = account is not None and account.opened_at is not None
    return {
        "account": account if is_open else None,
        "is_active": account is not None and account.status == Account.Status.ACTIVE,
        "standing": 0 if labeler.is_at_work else retiring.standing(labeler)[:_COUNTED_MAX].count(),
        "needs_publishing": labeler.state == Labeler.State.SERVING or bool(labeler.next_did_key),
        "code_form": CodeForm(),
        "subject_form": SubjectForm(auto_id="subject-%s"),
        "label_values": [*declarations.values(labeler), *hiding.VALUES],
        "hiding_form": HidingForm(initial={"hides": labeler.hides}),
        "definitions": declarations.definitions(labeler),
        "faults": [probes.FAULTS[each] for each in labeler.probe if each in probes.FAULTS],
    }
