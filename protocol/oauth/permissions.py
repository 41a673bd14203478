"""Permissions of an app: what the scopes that somebody granted allow, asked method by method.

Source: atproto.com/specs/permission and atproto.com/specs/oauth, "Authorization Scopes". Of two
ways to ask, `may_...` answers and `require_...` raises ScopeMissing with the narrowest scope that
would have done. An `include:` grants nothing here: it is expanded before (permission_sets).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from protocol.errors import XrpcError
from protocol.oauth import scopes
from protocol.oauth.scopes import (
    AccountScope,
    BlobScope,
    IdentityScope,
    MarkerScope,
    RepoScope,
    RpcScope,
    Scope,
)

_CHAT: Final = "chat.bsky."  # private messages have a transition scope of their own
_CACHED = 512  # apps ask for few different things; one entry is some kilobytes


class ScopeMissing(XrpcError):
    """403: the app has no permission for this. `scope` is what it would need."""

    name = "ScopeMissingError"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f'Missing required scope "{scope}"')
        self.scope = scope


class Permissions:
    """What some scopes allow together."""

    __slots__ = ("_account", "_blob", "_identity", "_markers", "_repo", "_rpc", "scopes")

    def __init__(self, granted: Iterable[Scope]) -> None:
        self.scopes = tuple(granted)
        self._repo = [each for each in self.scopes if isinstance(each, RepoScope)]
        self._rpc = [each for each in self.scopes if isinstance(each, RpcScope)]
        self._blob = [each for each in self.scopes if isinstance(each, BlobScope)]
        self._account = [each for each in self.scopes if isinstance(each, AccountScope)]
        self._identity = [each for each in self.scopes if isinstance(each, IdentityScope)]
        self._markers = {each.name for each in self.scopes if isinstance(each, MarkerScope)}

    def may_write(self, collection: str, action: str) -> bool:
        """Whether records of the collection may be created, updated or deleted."""
        return scopes.TRANSITION_GENERIC in self._markers or any(
            each.grants(collection, action) for each in self._repo
        )

    def may_call(self, method: str, audience: str) -> bool:
        """Whether a method (`*`: every one) may be called at a service (`did#id`)."""
        return self._may_call_in_transition(method) or any(
            each.grants(method, audience) for each in self._rpc
        )

    def may_upload(self, media_type: str) -> bool:
        """Whether a file of the media type may be uploaded."""
        return scopes.TRANSITION_GENERIC in self._markers or any(
            each.grants(media_type) for each in self._blob
        )

    def may_account(self, attribute: str, action: str) -> bool:
        """Whether `email`, `repo` or `status` of the account may be read or managed."""
        reads_email = (attribute, action) == (scopes.EMAIL, scopes.READ)
        if reads_email and scopes.TRANSITION_EMAIL in self._markers:
            return True
        return any(each.grants(attribute, action) for each in self._account)

    def may_identity(self, attribute: str) -> bool:
        """Whether `handle`, or `*` for the whole DID document, may be changed."""
        return any(each.grants(attribute) for each in self._identity)

    def require_write(self, collection: str, action: str) -> None:
        """Raise ScopeMissing unless `may_write`."""
        if not self.may_write(collection, action):
            raise ScopeMissing(str(RepoScope((collection,), (action,))))

    def require_call(self, method: str, audience: str) -> None:
        """Raise ScopeMissing unless `may_call`."""
        if not self.may_call(method, audience):
            raise ScopeMissing(str(RpcScope((method,), audience)))

    def require_upload(self, media_type: str) -> None:
        """Raise ScopeMissing unless `may_upload`."""
        if not self.may_upload(media_type):
            raise ScopeMissing(str(BlobScope((media_type,))))

    def require_account(self, attribute: str, action: str) -> None:
        """Raise ScopeMissing unless `may_account`."""
        if not self.may_account(attribute, action):
            raise ScopeMissing(str(AccountScope(attribute, (action,))))

    def require_identity(self, attribute: str) -> None:
        """Raise ScopeMissing unless `may_identity`."""
        if not self.may_identity(attribute):
            raise ScopeMissing(str(IdentityScope(attribute)))

    def _may_call_in_transition(self, method: str) -> bool:
        # Services may compare NSIDs without regard to case, so the line is drawn without it.
        is_chat = method.lower().startswith(_CHAT)
        marker = scopes.TRANSITION_CHAT if is_chat else scopes.TRANSITION_GENERIC
        return marker in self._markers


@lru_cache(_CACHED)
def permissions_of(text: str) -> Permissions:
    """What an expanded `scope` parameter grants."""
    return Permissions(scopes.parse_all(text))
