"""What all views of the API share: who calls, what they may do, and what they see.

A view set declares for each of its actions the scope that it needs; an action without one is
nobody's. Whatever a view looks up, it looks up among `hosts()` or `tenants()`: of a tenant's token
these are that tenant's, and all else is not there.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Final, cast

from django.conf import settings
from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema_serializer
from rest_framework import authentication, exceptions, parsers, renderers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from hosting import limits
from hosting.limits import DAY_S, HOUR_S, MINUTE_S, Budget, Charge
from hosting.models import Host, HostQuerySet, StaffUser, Tenant
from hosting.tenancy.routing import host_of
from moderation import audit
from protocol.errors import InvalidRequest
from protocol.untrusted_input import bounded_json
from provider.api import errors, idempotency, tokens
from provider.api.errors import NotFound, OnlyPlatform, OnlyTenant, ScopeMissing, StaffTokenNeeded
from provider.api.tokens import Scope
from provider.errors import InvalidField
from provider.models import ApiToken, IdempotentRequest
from server.database import connection, row_numbers

CALLS: Final = limits.bucket("api", Budget(1_200, 5 * MINUTE_S))
CHECKS: Final = limits.bucket("api-checks", Budget(60, HOUR_S))  # each waits for other servers
KEYS: Final = limits.bucket("api-keys", Budget(20_000, DAY_S))  # their answers are kept for a day
PAGE_DEFAULT, PAGE_MAX = 50, 100
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


HOSTNAME: Final = "[a-z0-9A-Z][a-zA-Z0-9.-]{0,252}"


def paged() -> list[OpenApiParameter]:
    """The parameters of a list, for its description."""
    limit = OpenApiParameter("limit", int, description=f"1 to {PAGE_MAX}; {PAGE_DEFAULT} else")
    cursor = OpenApiParameter("cursor", str, description="of the page before")
    return [limit, cursor]


@cache  # one name, one component
def page_of(kind: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The answer of a list, for its description."""
    fields = {
        "__doc__": "A page of a list.",
        "items": kind(many=True),
        "cursor": serializers.CharField(required=False, help_text="there is more"),
    }
    page = type(f"{kind.__name__}Page", (serializers.Serializer,), fields)
    return cast("type[serializers.Serializer[Any]]", extend_schema_serializer(many=False)(page))


class BoundedJsonParser(parsers.BaseParser):
    """JSON of strangers, bounded in bytes (DATA_UPLOAD_MAX_MEMORY_SIZE), values and depth."""

    media_type = "application/json"

    def parse(self, _stream: Any, _media_type: Any = None, context: Any = None) -> Any:
        """The value. Raises ParseError."""
        body = context["request"]._request.body
        try:
            return bounded_json.loads(body)
        except ValueError as fault:
            raise exceptions.ParseError(f"The body cannot be read: {fault}") from fault


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer grove_...`."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken]:
        """Nobody is signed in; `request.auth` is the token."""
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        token = tokens.find(text.strip()) if kind.lower() == "bearer" else None
        if token is None or not _is_for(token, host_of(request)):
            raise exceptions.NotAuthenticated("This needs a token: Authorization: Bearer grove_...")
        return None, token

    def authenticate_header(self, _request: Request) -> str:
        """Of a 401."""
        return "Bearer"


def _is_for(token: ApiToken, host: Host) -> bool:
    """A tenant's token is nobody's at another tenant's host."""
    return token.tenant_id is None or token.tenant_id == host.tenant_id


class ApiViewSet(viewsets.ViewSet):
    """A resource. `scopes` names what each action needs, `platform_only` those of the provider,
    `tenant_only` those of a tenant alone, `takes_files` those whose body is a file: it is read as
    it comes, and an Idempotency-Key says nothing of it."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = ()
    parser_classes = (BoundedJsonParser,)
    renderer_classes = (renderers.JSONRenderer,)
    scopes: ClassVar[Mapping[str, Scope]] = {}
    platform_only: ClassVar[frozenset[str]] = frozenset()
    tenant_only: ClassVar[frozenset[str]] = frozenset()
    takes_files: ClassVar[frozenset[str]] = frozenset()
    _once: IdempotentRequest | None = None

    @property
    def token(self) -> ApiToken:
        """Whose call this is."""
        return cast("ApiToken", self.request.auth)

    @property
    def actor(self) -> str:
        """As the audit log knows the token."""
        is_tenants = self.token.tenant_id is not None
        return f"{audit.TENANTS_API if is_tenants else audit.PLATFORMS_API}{self.token.name}"

    @property
    def staff(self) -> StaffUser:
        """The member of staff in whose name the token acts. Raises StaffTokenNeeded."""
        staff = self.token.staff
        if staff is None or not staff.is_active:
            raise StaffTokenNeeded
        return staff

    def tenants(self) -> QuerySet[Tenant]:
        """The tenants that there are for this token."""
        found = Tenant.objects.filter(deleted_at=None)
        return found if self.token.tenant_id is None else found.filter(pk=self.token.tenant_id)

    def hosts(self) -> HostQuerySet:
        """The hosts that there are for this token."""
        found = Host.objects.select_related("tenant")
        tenant_id = self.token.tenant_id
        return found if tenant_id is None else found.filter(tenant_id=tenant_id)

    def tenant(self, slug: str) -> Tenant:
        """One of the tenants. Raises NotFound."""
        found = self.tenants().filter(slug=slug).first()
        if found is None:
            raise NotFound
        return found

    def host(self, hostname: str) -> Host:
        """One of those. Raises NotFound."""
        found = self.hosts().named(hostname).first()
        if found is None:
            raise NotFound
        return found

    def read(
        self, kind: type[serializers.Serializer[Any]], *, is_partial: bool = False
    ) -> dict[str, Any]:
        """The body, as that serializer has it. Raises ValidationError (REST framework's)."""
        body = self.request.data
        if not isinstance(body, dict):
            raise InvalidRequest("The body must be a JSON object.")
        reader = kind(data=body, partial=is_partial)
        reader.is_valid(raise_exception=True)
        if unknown := body.keys() - reader.fields.keys():
            raise InvalidField(min(unknown), "There is no such field.")
        return dict(reader.validated_data)

    def spend(self, bucket: limits.Bucket) -> limits.BudgetState | None:
        """Take one from a budget of the token's. Raises RateLimitExceeded."""
        if not settings.RATE_LIMITS:
            return None
        return limits.spend_charges(None, [Charge(bucket, (str(self.token.pk),))])

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the action: the token, its scope, its budget, and whether it was done before."""
        super().initial(request, *args, **kwargs)
        if any("\0" in value for values in request.query_params.lists() for value in values[1]):
            raise InvalidRequest("A parameter cannot be read.")
        self._left = self.spend(CALLS)
        if self.action is None:
            return  # no such method: REST framework says so
        needed = self.scopes.get(self.action)
        if needed is None or needed not in self.token.scopes:
            raise ScopeMissing(needed or "of nobody")
        if self.action in self.platform_only and self.token.tenant_id is not None:
            raise OnlyPlatform
        if self.action in self.tenant_only and self.token.tenant_id is None:
            raise OnlyTenant
        if request.method in _WRITES and self.action not in self.takes_files:
            if "Idempotency-Key" in request.headers:
                self.spend(KEYS)
            self._once = idempotency.begin(self.token, request)
            if self._once is not None and self._once.status is not None:
                raise _Replay(self._once.status, *idempotency.answer_of(self._once))

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """After the action: what was answered is kept for its key."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if self._once is not None and self._once.status is None:
            where = final.headers.get("Location", "")
            idempotency.end(self._once, final.status_code, final.data, where)
        left = getattr(self, "_left", None)
        for name, value in (left.headers if left else {}).items():
            final[name] = value
        final["Cache-Control"] = "no-store"
        return final

    def handle_exception(self, fault: Exception) -> Response:
        """The answer of before, or a refusal. Our own faults forget the key, and go on."""
        if isinstance(fault, _Replay):
            told = {"Idempotent-Replayed": "true"}
            if fault.location:
                told["Location"] = fault.location
            return Response(fault.body, fault.status, headers=told)
        try:
            return super().handle_exception(fault)
        except Exception:
            if self._once is not None:
                idempotency.end(self._once, 500, None)
            raise

    def get_exception_handler(self) -> Any:
        """Instead of the one of the settings, which XRPC has."""
        return errors.answer

    def page(self, found: QuerySet[Any], shown: Any) -> Response:
        """A page of rows, the newest first: `{"items": [...], "cursor": "..."}`."""
        limit, cursor = _limit(self.request), self.request.query_params.get("cursor")
        if cursor:
            found = found.filter(pk__lt=_number(cursor))
        with connection.planned_by_value():  # filters name what is common and what is rare
            rows: list[Model] = list(found.order_by("-pk")[:limit])
        body: dict[str, Any] = {"items": [shown(row) for row in rows]}
        if len(rows) == limit:
            body["cursor"] = str(rows[-1].pk)
        return Response(body)


def place_in(request: Request) -> tuple[int, int]:
    """How many rows of a list are asked for, and after which number. Raises InvalidRequest."""
    return _limit(request), _number(request.query_params.get("cursor") or "0")


class _Replay(Exception):
    """The request was done before."""

    def __init__(self, status: int, body: Any, location: str) -> None:
        self.status, self.body, self.location = status, body, location


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(PAGE_DEFAULT))
    limit = row_numbers.read(text) or 0
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidRequest(f"limit must be from 1 to {PAGE_MAX}")
    return limit


def _number(cursor: str) -> int:
    if (number := row_numbers.read(cursor)) is None:
        raise InvalidRequest("Malformed cursor")
    return number
