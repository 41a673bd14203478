"""Forms of a tenant's settings: typed by the columns that hold them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hosting.mail.models import Sender
from hosting.models import Tenant
from moderation.console.forms import ReasonForm


class HttpsField(forms.URLField):
    """A URL; one without a scheme is https."""

    def __init__(self, **options: Any) -> None:
        super().__init__(assume_scheme="https", **options)


class _SettingsForm(forms.ModelForm):  # type: ignore[type-arg] # no generic at run time
    """Columns, and a reason."""

    reason = ReasonForm.base_fields["reason"]

    @property
    def wanted(self) -> dict[str, Any]:
        """What somebody wants to be another than it is, by column; once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}


class TenantForm(_SettingsForm):
    """What holds at all hosts of a tenant."""

    class Meta:
        model = Tenant
        fields = (
            "name",
            "primary_colour",
            "support_email",
            "privacy_policy_url",
            "terms_of_service_url",
            "wants_second_factors",
            "moved_copy_kept_days",
        )
        labels = {
            "name": _("Name"),
            "primary_colour": _("Colour"),
            "support_email": _("Support address"),
            "privacy_policy_url": _("URL of the privacy policy"),
            "terms_of_service_url": _("URL of the terms of service"),
            "wants_second_factors": _("Ask people for a second factor"),
            "moved_copy_kept_days": _("Days that copies of moved accounts are kept"),
        }
        field_classes = {"privacy_policy_url": HttpsField, "terms_of_service_url": HttpsField}


class HostForm(_SettingsForm):
    """What holds at one host and is its tenant's to say."""

    class Meta:
        model = Sender
        fields = ("language", "has_sign_in_alerts")
        labels = {
            "language": _("Language of e-mails to people who chose none"),
            "has_sign_in_alerts": _("Tell people of sign-ins from new places"),
        }
