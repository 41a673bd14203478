"""The list of labels: the last word on every subject, newest first."""

from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from hosting.console.site import ConsoleSite, hosts_in_view
from moderation.console.lists.bounded import Condition
from moderation.console.lists.read_only import ReadOnly, minute
from moderation.models import Label


class LabelList(ReadOnly):
    """What the tenant's labeler says, for its staff to read."""

    list_display = ["val", "subject", "state", "put_at", "ends_at"]
    search_fields = ["uri", "val"]
    search_help_text = gettext_lazy("DID or at-URI, or how it begins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        hosts, current = hosts_in_view(request), Label.objects.current()
        if hosts.are_all():
            return current
        return current.filter(labeler__in=list(hosts.values_list("tenant", flat=True)))

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        return [Q(uri__gte=term, uri__lt=f"{term}\U0010ffff")]

    @display(description=gettext_lazy("subject"))
    def subject(self, label: Label) -> SafeString:
        """It may live anywhere: the look-up says whether it is here."""
        found = f"{reverse('console:look_up')}?{urlencode({'q': label.uri})}"
        return format_html('<a class="console-link" href="{}">{}</a>', found, label.uri)

    @display(
        description=gettext_lazy("status"),
        label={"standing": "success", "negated": "info"},
    )
    def state(self, label: Label) -> tuple[str, str]:
        return ("negated", _("taken back")) if label.is_negation else ("standing", _("standing"))

    @display(description=gettext_lazy("when"))
    def put_at(self, label: Label) -> SafeString:
        return minute(label.labelled_at)

    @display(description=gettext_lazy("expires"))
    def ends_at(self, label: Label) -> SafeString | str:
        return minute(label.expires_at) if label.expires_at else ""


def register(site: ConsoleSite) -> None:
    """Hang the list on the console."""
    site.register(Label, LabelList)
