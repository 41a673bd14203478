"""Forms of the wizard's steps: a field each for what a draft keeps, checked by the same rules as
by command and by API."""

import re
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hosting.models import Host, Plan, Tenant
from hosting.models.tenants import colour_rule, country_rule
from protocol.errors import XrpcError
from provider.errors import NameTaken
from provider.models import TenantDraft
from provider.tenancy import domains, drafts, hosts

_INVITE_USES_MAX: Final = 10_000
_DOMAINS_MAX_CHARS: Final = 4_000
_COLOUR: Final = re.compile("#[0-9a-f]{6}")
_AS_TYPED: Final = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class StepForm(forms.Form):
    """What all steps share: filled in with what the draft has."""

    title: ClassVar[Any] = ""

    def __init__(self, draft: TenantDraft, data: Any = None) -> None:
        super().__init__(data, initial=draft.given)


class TenantStep(StepForm):
    """Who the customer is."""

    title = gettext_lazy("Tenant")
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("As people read it: Acme Association"),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=50,
        widget=forms.TextInput(attrs=_AS_TYPED),
        help_text=gettext_lazy("For commands and lists: acme"),
    )
    owner_email = forms.EmailField(
        label=gettext_lazy("Owner's e-mail address"),
        max_length=254,
        help_text=gettext_lazy("An invitation goes there once the host answers."),
    )

    plan = forms.ChoiceField(label=gettext_lazy("Plan"), required=False)

    def __init__(self, draft: TenantDraft, data: Any = None) -> None:
        super().__init__(draft, data)
        choice = self.fields["plan"]
        if isinstance(choice, forms.ChoiceField):
            offered = Plan.objects.filter(retired_at=None).order_by("name")
            none = ("", _("None: the platform's limits"))
            choice.choices = [none, *offered.values_list("slug", "name")]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if Tenant.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("This name is taken."))
        return slug


class HostStep(StepForm):
    """Its host and handle domains."""

    title = gettext_lazy("Host")
    hostname = forms.CharField(
        label=gettext_lazy("Host name"), max_length=253, widget=forms.TextInput(attrs=_AS_TYPED)
    )
    domains = forms.CharField(
        label=gettext_lazy("Handle domains"),
        max_length=_DOMAINS_MAX_CHARS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, **_AS_TYPED}),
        help_text=gettext_lazy("One a line, the first is offered first: acme.example"),
    )

    app_url = forms.URLField(
        label=gettext_lazy("The tenant's own app"),
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("If it has one in browsers: its address."),
    )

    def __init__(self, draft: TenantDraft, data: Any = None) -> None:
        super().__init__(draft, data)
        said = _("%(short)s for %(whole)s, or a name of the tenant's own.")
        whole = {"short": "acme", "whole": f"acme.{hosts.apex()}"}
        self.fields["hostname"].help_text = said % whole
        self.initial["domains"] = "\n".join(draft.given.get("domains", []))

    def clean_hostname(self) -> str:
        name = self.cleaned_data["hostname"].strip().strip(".")
        try:
            return hosts.check_new(name if "." in name else f"{name}.{hosts.apex()}")
        except NameTaken:
            raise forms.ValidationError(_("This name is taken.")) from None
        except XrpcError:
            raise forms.ValidationError(_("Enter a valid host name.")) from None

    def clean_domains(self) -> list[str]:
        names = list(dict.fromkeys(self.cleaned_data["domains"].split()))
        if len(names) > drafts.DOMAINS_MAX:
            raise forms.ValidationError(_("%s domains at the most.") % drafts.DOMAINS_MAX)
        return [_checked_domain(name) for name in names]


class BrandStep(StepForm):
    """How its pages look, and who stands behind them."""

    title = gettext_lazy("Branding")
    primary_colour = forms.CharField(
        label=gettext_lazy("Colour"),
        max_length=7,
        initial=Tenant._meta.get_field("primary_colour").default,
        validators=[colour_rule],
        widget=forms.TextInput(attrs=_AS_TYPED),
        help_text=gettext_lazy("A colour such as #2f6b3a."),
    )
    support_email = forms.EmailField(
        label=gettext_lazy("Support address"), max_length=254, required=False
    )
    operator = forms.CharField(
        label=gettext_lazy("Operator"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Who runs it, as the law wants it; shown on /about."),
    )
    country = forms.CharField(
        label=gettext_lazy("Country"),
        max_length=2,
        required=False,
        validators=[country_rule],
        help_text=gettext_lazy("Two letters, such as DE."),
    )

    @property
    def colour(self) -> str:
        """The colour to preview: what was typed, where it is one."""
        typed = str(self["primary_colour"].value() or "")
        return typed if _COLOUR.fullmatch(typed) else ""


class AdmissionStep(StepForm):
    """Who may sign up."""

    title = gettext_lazy("Sign-ups")
    admission = forms.ChoiceField(
        label=gettext_lazy("Who may sign up"),
        choices=Host.Admission.choices,
        initial=Host.Admission.INVITE,
    )
    invite_uses = forms.IntegerField(
        label=gettext_lazy("People that the first invite link admits"),
        min_value=1,
        max_value=_INVITE_USES_MAX,
        initial=10,
        help_text=gettext_lazy("Where sign-ups need an invite code."),
    )


STEPS: Final[dict[str, type[StepForm]]] = {
    "tenant": TenantStep,
    "host": HostStep,
    "branding": BrandStep,
    "sign-ups": AdmissionStep,
}


def _checked_domain(name: str) -> str:
    try:
        return domains.check_new(name)
    except NameTaken:
        raise forms.ValidationError(_("%s is taken.") % name) from None
    except XrpcError:
        raise forms.ValidationError(_("%s cannot be a handle domain.") % name) from None
