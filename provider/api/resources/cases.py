"""Reports and the cases that they joined: list, look at, report, act.

They are between a tenant and its people: a token of the platform sees none (0053). Acting is a
person's: it takes a token in the name of a member of staff, and that member's role.
"""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from moderation import permissions
from moderation.desk import moves
from moderation.desk.actions import table, taking
from moderation.desk.actions.table import Given
from moderation.desk.reports import reports
from moderation.desk.reports.reports import REASON_TYPE_MAX_CHARACTERS
from moderation.desk.subjects import subject as subjects
from moderation.models import Case, Report
from moderation.permissions import Deed
from protocol.errors import InvalidRequest
from protocol.syntax import is_did
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.errors import NotFound
from provider.api.tokens import Scope

_TEXT_MAX = 2_000


class CaseShown(serializers.Serializer[Case]):
    """A case: all that is decided about one subject at a time."""

    id = serializers.IntegerField()
    host = serializers.CharField()
    subject = serializers.CharField()
    kind = serializers.ChoiceField(choices=Case.Kind.values)
    state = serializers.ChoiceField(choices=Case.State.values)
    resolution = serializers.CharField(allow_blank=True)
    assignee = serializers.CharField(allow_null=True)
    reports = serializers.IntegerField()
    due_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class EventShown(serializers.Serializer[Any]):
    """What happened to a case."""

    kind = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class CaseAct(serializers.Serializer[Any]):
    """An action about the case, as the console offers them."""

    action = serializers.ChoiceField(choices=[*table.TABLE])
    reason = serializers.CharField(max_length=_TEXT_MAX)
    label = serializers.CharField(max_length=100, required=False)  # type: ignore[assignment]
    policy = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    days = serializers.IntegerField(required=False, min_value=1, max_value=table.DAYS_MAX)
    words = serializers.CharField(max_length=_TEXT_MAX, required=False)
    is_told = serializers.BooleanField(required=False)
    keeps_open = serializers.BooleanField(required=False)


class CaseNote(serializers.Serializer[Any]):
    """Something for other staff to read."""

    text = serializers.CharField(max_length=moves.NOTE_MAX_CHARS)


class ReportShown(serializers.Serializer[Report]):
    """A report."""

    id = serializers.IntegerField()
    host = serializers.CharField()
    case = serializers.IntegerField(allow_null=True)
    source = serializers.ChoiceField(choices=Report.Source.values)  # type: ignore[assignment]
    reported_by = serializers.CharField(allow_blank=True)
    reason_type = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    subject = serializers.CharField()
    resolution = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class NewReport(serializers.Serializer[Report]):
    """What a member of staff found amiss; `subject` is a DID or the at-URI of a record."""

    host = serializers.CharField(max_length=253)
    subject = serializers.CharField(max_length=8_192)
    reason_type = serializers.CharField(max_length=REASON_TYPE_MAX_CHARACTERS)
    reason = serializers.CharField(max_length=_TEXT_MAX, required=False)


class CaseViewSet(ApiViewSet):
    """Cases at the tenant's hosts."""

    lookup_field = "case_id"
    lookup_value_regex = "[0-9]{1,18}"
    scopes = {
        "list": Scope.MODERATION_READ,
        "retrieve": Scope.MODERATION_READ,
        "events": Scope.MODERATION_READ,
        "act": Scope.MODERATION_WRITE,
        "note": Scope.MODERATION_WRITE,
    }
    tenant_only = frozenset(scopes)

    @extend_schema(
        parameters=[
            *paged(),
            OpenApiParameter("host", str),
            OpenApiParameter("state", str, enum=Case.State.values),
            OpenApiParameter("kind", str, enum=Case.Kind.values),
            OpenApiParameter("about", str, description="a DID: its account and its records"),
        ],
        responses=page_of(CaseShown),
    )
    def list(self, request: Request) -> Response:
        """The newest first."""
        asked = request.query_params
        _check_look(self)
        found = Case.objects.of(_hosts(self)).select_related("host", "assignee")
        for name, known in (("state", Case.State.values), ("kind", Case.Kind.values)):
            if wanted := asked.get(name):
                if wanted not in known:
                    raise InvalidRequest(f"{wanted} is no {name} of a case")
                found = found.filter(**{name: wanted})
        if did := asked.get("about"):
            found = found.about(did)
        return self.page(found, case_shown)

    @extend_schema(responses=CaseShown)
    def retrieve(self, _request: Request, case_id: str) -> Response:
        """One of them."""
        return Response(case_shown(self._case(case_id)))

    @extend_schema(parameters=paged(), responses=page_of(EventShown))
    @action(detail=True, methods=["get"], url_path="events")
    def events(self, _request: Request, case_id: str) -> Response:
        """What happened to it, the newest first."""
        return self.page(self._case(case_id).events.select_related("staff"), event_shown)

    @extend_schema(request=CaseAct, responses=CaseShown)
    @action(detail=True, methods=["post"], url_path="actions")
    def act(self, _request: Request, case_id: str) -> Response:
        """Take an action about it, which may close it; in the token's name and role."""
        asked, case = self.read(CaseAct), self._case(case_id)
        taking.act(self.staff, case, asked["action"], Given.of(asked))
        return Response(case_shown(self._case(case_id)))

    @extend_schema(request=CaseNote, responses={201: EventShown})
    @action(detail=True, methods=["post"], url_path="notes")
    def note(self, _request: Request, case_id: str) -> Response:
        """Leave a note on it."""
        event = moves.note(self.staff, self._case(case_id), self.read(CaseNote)["text"])
        return Response(event_shown(event), status.HTTP_201_CREATED)

    def _case(self, case_id: str) -> Case:
        _check_look(self)
        found = Case.objects.of(self.hosts()).select_related("host__tenant", "assignee")
        case = found.filter(pk=int(case_id)).first()
        if case is None:
            raise NotFound
        return case


class ReportViewSet(ApiViewSet):
    """Reports to the tenant's hosts."""

    scopes = {"list": Scope.MODERATION_READ, "create": Scope.MODERATION_WRITE}
    tenant_only = frozenset(scopes)

    @extend_schema(
        parameters=[
            *paged(),
            OpenApiParameter("host", str),
            OpenApiParameter("about", str, description="a DID"),
        ],
        responses=page_of(ReportShown),
    )
    def list(self, request: Request) -> Response:
        """The newest first."""
        _check_look(self)
        found = Report.objects.of(_hosts(self)).select_related("host")
        if did := request.query_params.get("about"):
            found = found.filter(subject_did=did)
        return self.page(found, report_shown)

    @extend_schema(request=NewReport, responses={201: ReportShown})
    def create(self, _request: Request) -> Response:
        """Report something in the staff's name; it joins the open case about its subject."""
        asked = self.read(NewReport)
        host = self.host(asked["host"])
        permissions.require(self.staff, Deed.CASES_NOTE, host.tenant_id)
        name = asked["subject"]
        about = subjects.Subject(name) if is_did(name) else subjects.of_uri(name)
        draft = Report(
            host=host,
            source=Report.Source.STAFF,
            reported_by=str(self.staff),
            reason_type=asked["reason_type"],
            reason=asked.get("reason", ""),
        )
        return Response(report_shown(reports.keep(draft, about)), status.HTTP_201_CREATED)


def _hosts(view: ApiViewSet) -> Any:
    """The token's hosts, or the one that is asked about."""
    name = view.request.query_params.get("host")
    return view.hosts().filter(pk=view.host(name).pk) if name else view.hosts()


def _check_look(view: ApiViewSet) -> None:
    """A token in somebody's name sees what they may see. Raises NotAllowed."""
    if view.token.staff is not None and view.token.tenant_id is not None:
        permissions.require(view.staff, Deed.CASES_LOOK, view.token.tenant_id)


def case_shown(case: Case) -> dict[str, Any]:
    """A case as the API shows it."""
    return {
        "id": case.pk,
        "host": case.host.hostname,
        "subject": case.subject,
        "kind": case.kind,
        "state": case.state,
        "resolution": case.resolution,
        "assignee": str(case.assignee) if case.assignee else None,
        "reports": case.report_count,
        "due_at": case.due_at,
        "created_at": case.created_at,
        "closed_at": case.closed_at,
    }


def event_shown(event: Any) -> dict[str, Any]:
    """An event of a case as the API shows it."""
    return {
        "kind": event.kind,
        "by": str(event.staff) if event.staff else None,
        "text": event.text,
        "created_at": event.created_at,
    }


def report_shown(report: Report) -> dict[str, Any]:
    """A report as the API shows it."""
    return {
        "id": report.pk,
        "host": report.host.hostname,
        "case": report.case_id,
        "source": report.source,
        "reported_by": report.reported_by,
        "reason_type": report.reason_type,
        "reason": report.reason,
        "subject": report.subject_uri or report.subject_did,
        "resolution": report.resolution,
        "created_at": report.created_at,
    }
