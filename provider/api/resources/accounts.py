"""Accounts of a host: list, search, show, make, rename, take down, restore, delete."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account, account_lookups
from accounts.signup.sign_up import SignUp, sign_up
from moderation import audit
from moderation.audit import REASON_MAX_CHARS
from moderation.enforcement import suspensions, takedowns
from moderation.models import AuditEntry
from moderation.staff import account_changes, account_search
from protocol.errors import InvalidRequest
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.errors import NotFound
from provider.api.tokens import Scope

_STATUSES = [each for each in Account.Status if each != Account.Status.PENDING]


class AccountShown(serializers.Serializer[Account]):
    """An account."""

    did = serializers.CharField()
    handle = serializers.CharField(allow_null=True)
    email = serializers.EmailField()
    has_confirmed_email = serializers.BooleanField()
    status = serializers.ChoiceField(choices=[*map(str, _STATUSES)])
    created_at = serializers.DateTimeField()


class NewAccount(serializers.Serializer[Account]):
    """An account to be made, whatever the host's policy for sign-ups is."""

    handle = serializers.CharField(max_length=253)
    email = serializers.CharField(max_length=320)
    password = serializers.CharField(max_length=256, trim_whitespace=False)
    language = serializers.CharField(max_length=10, required=False)


class Reason(serializers.Serializer[Any]):
    """Why, for the audit log."""

    reason = serializers.CharField(max_length=REASON_MAX_CHARS)


class NewHandle(Reason):
    """Another handle."""

    handle = serializers.CharField(max_length=253)


class AccountSuspension(Reason):
    """Why, and until when."""

    until = serializers.DateTimeField()


class AccountViewSet(ApiViewSet):
    """Accounts of a host."""

    lookup_field = "did"
    lookup_value_regex = "did:[a-z]+:[a-zA-Z0-9.:%_-]{1,2000}"
    scopes = {
        "list": Scope.ACCOUNTS_READ,
        "retrieve": Scope.ACCOUNTS_READ,
        "create": Scope.ACCOUNTS_WRITE,
        "change_handle": Scope.ACCOUNTS_WRITE,
        "destroy": Scope.ACCOUNTS_WRITE,
        "reset_password": Scope.ACCOUNTS_WRITE,
        "suspend": Scope.MODERATION_WRITE,
        "lift_suspension": Scope.MODERATION_WRITE,
        "take_down": Scope.MODERATION_WRITE,
        "restore": Scope.MODERATION_WRITE,
    }

    @extend_schema(
        parameters=[
            *paged(),
            OpenApiParameter("email", str, description="an address, its beginning, or @domain"),
            OpenApiParameter("handle", str),
            OpenApiParameter("status", str, enum=[*map(str, _STATUSES)]),
        ],
        responses=page_of(AccountShown),
    )
    def list(self, request: Request, hostname: str) -> Response:
        """The host's accounts, the newest first; or those that are searched for."""
        asked = request.query_params
        found = Account.objects.of(self.host(hostname)).open()
        found = account_search.matching(found, asked.get("email", ""))
        if handle := asked.get("handle", "").strip().lower():
            found = found.filter(handle=handle)
        if wanted := asked.get("status"):
            if wanted not in _STATUSES:
                raise InvalidRequest(f"{wanted} is no status of an account")
            found = found.filter(status=wanted)
        return self.page(found, shown)

    @extend_schema(responses=AccountShown)
    def retrieve(self, _request: Request, hostname: str, did: str) -> Response:
        """One account."""
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=NewAccount, responses={201: AccountShown})
    def create(self, _request: Request, hostname: str) -> Response:
        """Make an account; its address gets the usual e-mail. It waits for the PLC directory."""
        host = self.host(hostname)
        wanted = self.read(NewAccount)
        account = sign_up(host, SignUp(**wanted), is_by_staff=True)
        audit.record(self.actor, account, AuditEntry.Action.ACCOUNT_CREATE, "by the REST API")
        return Response(shown(account), status.HTTP_201_CREATED)

    @extend_schema(request=NewHandle, responses=AccountShown)
    @action(detail=True, methods=["put"], url_path="handle")
    def change_handle(self, _request: Request, hostname: str, did: str) -> Response:
        """Another handle; reserved words, too. It waits for the PLC directory."""
        asked = self.read(NewHandle)
        account = self._account(hostname, did)
        account_changes.change_handle(self.actor, account, asked["handle"], asked["reason"])
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=Reason, responses=AccountShown)
    @action(detail=True, methods=["post"], url_path="takedown")
    def take_down(self, _request: Request, hostname: str, did: str) -> Response:
        """Take the account down, everywhere at once."""
        account = self._account(hostname, did)
        takedowns.take_down(self.actor, account, self.read(Reason)["reason"])
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=Reason, responses=AccountShown)
    @action(detail=True, methods=["post"], url_path="restore")
    def restore(self, _request: Request, hostname: str, did: str) -> Response:
        """Lift a takedown."""
        account = self._account(hostname, did)
        takedowns.restore(self.actor, account, self.read(Reason)["reason"])
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=AccountSuspension, responses=AccountShown)
    @action(detail=True, methods=["post"], url_path="suspend")
    def suspend(self, _request: Request, hostname: str, did: str) -> Response:
        """Suspend the account until a moment; then it is back by itself."""
        account, asked = self._account(hostname, did), self.read(AccountSuspension)
        suspensions.suspend(self.actor, account, asked["reason"], asked["until"])
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=Reason, responses=AccountShown)
    @action(detail=True, methods=["post"], url_path="lift-suspension")
    def lift_suspension(self, _request: Request, hostname: str, did: str) -> Response:
        """End a suspension before its time."""
        account = self._account(hostname, did)
        suspensions.lift(self.actor, account, self.read(Reason)["reason"])
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=Reason, responses={202: None})
    @action(detail=True, methods=["post"], url_path="reset-password")
    def reset_password(self, _request: Request, hostname: str, did: str) -> Response:
        """Mail its owner a code for a new password. The old one is good until they use it."""
        account = self._account(hostname, did)
        account_changes.mail_reset_code(self.actor, account, self.read(Reason)["reason"])
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[OpenApiParameter("reason", str, required=True)], responses={204: None}
    )
    def destroy(self, request: Request, hostname: str, did: str) -> Response:
        """Delete an account for good."""
        reason = request.query_params.get("reason", "").strip()
        if not reason:
            raise InvalidRequest("Give a reason: it goes into the audit log.")
        account_changes.delete(self.actor, self._account(hostname, did), reason)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _account(self, hostname: str, did: str) -> Account:
        account = account_lookups.find_open(self.host(hostname), did)
        if account is None:
            raise NotFound
        return account


def shown(account: Account) -> dict[str, Any]:
    """An account as the API shows it."""
    return {
        "did": account.did,
        "handle": account.handle,
        "email": account.email,
        "has_confirmed_email": account.email_confirmed_at is not None,
        "status": str(account.status),
        "created_at": account.created_at,
    }
