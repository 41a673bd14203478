"""Long work: list, look at, stop. What begins it answers 202 with its address (`accepted`)."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.errors import InvalidRequest
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.documents import AT
from provider.api.errors import NotFound, OnlyPlatform
from provider.api.tokens import Scope
from provider.jobs import running
from provider.models import Job, JobRemainder


class Progress(serializers.Serializer[Any]):
    """How far it is; `total` is null while nobody knows."""

    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    step = serializers.CharField(allow_blank=True)


class JobShown(serializers.Serializer[Job]):
    """A piece of long work."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    tenant = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=[*map(str, Job.State)])
    progress = Progress()
    result = serializers.JSONField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class RemainderShown(serializers.Serializer[JobRemainder]):
    """An account that bulk work could not do."""

    did = serializers.CharField()
    reason = serializers.CharField()


class JobViewSet(ApiViewSet):
    """Long work, such as an export or a suspension."""

    lookup_field = "job_id"
    lookup_value_regex = "[0-9]{1,18}"
    scopes = {
        "list": Scope.JOBS_READ,
        "retrieve": Scope.JOBS_READ,
        "stop": Scope.JOBS_WRITE,
        "remainders": Scope.JOBS_READ,
    }

    @extend_schema(
        parameters=[
            *paged(),
            OpenApiParameter("kind", str),
            OpenApiParameter("state", str, enum=[*map(str, Job.State)]),
        ],
        responses=page_of(JobShown),
    )
    def list(self, request: Request) -> Response:
        """The newest first: of the token's tenant, or all."""
        found, asked = self._jobs(), request.query_params
        if kind := asked.get("kind"):
            found = found.filter(kind=kind)
        if wanted := asked.get("state"):
            if wanted not in Job.State.values:
                raise InvalidRequest(f"{wanted} is no state of a job")
            found = found.filter(state=wanted)
        return self.page(found, shown)

    @extend_schema(responses=JobShown)
    def retrieve(self, _request: Request, job_id: str) -> Response:
        """One of them."""
        return Response(shown(self._job(job_id)))

    @extend_schema(request=None, responses=JobShown)
    @action(detail=True, methods=["post"], url_path="stop")
    def stop(self, _request: Request, job_id: str) -> Response:
        """Leave the rest undone. What is done stays done."""
        job = self._job(job_id)
        if self.token.tenant_id is not None and not running.is_tenants(job):
            raise OnlyPlatform
        running.stop(job)
        return Response(shown(self._job(job_id)))

    @extend_schema(parameters=paged(), responses=page_of(RemainderShown))
    @action(detail=True, methods=["get"], url_path="remainders")
    def remainders(self, _request: Request, job_id: str) -> Response:
        """The accounts that it could not do, the newest first."""
        found = JobRemainder.objects.filter(job=self._job(job_id))
        return self.page(found, lambda each: {"did": each.did, "reason": each.reason})

    def _jobs(self) -> Any:
        found = Job.objects.select_related("tenant")
        tenant_id = self.token.tenant_id
        return found if tenant_id is None else found.filter(tenant_id=tenant_id)

    def _job(self, job_id: str) -> Job:
        job: Job | None = self._jobs().filter(pk=int(job_id)).first()
        if job is None:
            raise NotFound
        return job


def accepted(job: Job) -> Response:
    """202: it was begun; where to look at it."""
    where = f"{AT}/jobs/{job.pk}"
    return Response(shown(job), status.HTTP_202_ACCEPTED, headers={"Location": where})


def shown(job: Job) -> dict[str, Any]:
    """A job as the API shows it."""
    return {
        "id": job.pk,
        "kind": job.kind,
        "tenant": job.tenant.slug if job.tenant else None,
        "state": str(job.state),
        "progress": job.progress(),
        "result": job.result,
        "error": job.last_error,
        "created_at": job.created_at,
        "decided_at": job.decided_at,
    }
