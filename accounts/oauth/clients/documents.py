"""Client documents: what an app says of itself at its client_id, held against the rules.

Source: atproto.com/specs/oauth, "Clients"; RFC 7591 for the names. What a rule does not ask for is
not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from accounts.oauth import jose
from accounts.oauth.clients import client_ids, redirect_uris
from accounts.oauth.clients.profile import ClientProfile
from accounts.oauth.errors import InvalidClientMetadata

NONE, PRIVATE_KEY_JWT = "none", "private_key_jwt"
CODE_GRANT, REFRESH_GRANT = "authorization_code", "refresh_token"
_APPLICATION_TYPES: Final = ("web", redirect_uris.NATIVE)
# Members by which a client relies on what this server does not do; the values that do no harm.
_HARMLESS: Final[Mapping[str, tuple[object, ...]]] = {
    "subject_type": ("public",),
    "tls_client_certificate_bound_access_tokens": (False,),
    "authorization_encrypted_response_alg": (),
    "authorization_encrypted_response_enc": (),
    "authorization_details_types": ([],),
    "default_max_age": (),
    "id_token_signed_response_alg": (),
    "userinfo_signed_response_alg": (),
    "userinfo_encrypted_response_alg": (),
}
_ITEMS_MAX: Final = 100
_NAME_MAX_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Client:
    """A client whose document keeps the rules. `jwks` are its keys as JSON, unless they are at
    `jwks_uri`; a public client has neither."""

    client_id: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    grant_types: frozenset[str]
    auth_method: str
    signing_alg: str
    jwks: tuple[Mapping[str, Any], ...]
    jwks_uri: str
    profile: ClientProfile

    @property
    def is_public(self) -> bool:
        return self.auth_method == NONE


def of_loopback(client_id: str) -> Client:
    """A development client. Raises InvalidClientMetadata."""
    redirects, scope = client_ids.loopback_parameters(client_id)
    return read(
        client_id,
        {
            "client_id": client_id,
            "application_type": redirect_uris.NATIVE,
            "redirect_uris": list(redirects),
            "scope": scope,
            "grant_types": [CODE_GRANT, REFRESH_GRANT],
            "response_types": ["code"],
            "token_endpoint_auth_method": NONE,
            "dpop_bound_access_tokens": True,
        },
    )


def read(client_id: str, document: Mapping[str, Any]) -> Client:
    """The client of a document found at its identifier. Raises InvalidClientMetadata."""
    if document.get("client_id") != client_id:
        raise InvalidClientMetadata("client_id of the document is not its URL")
    if document.get("dpop_bound_access_tokens") is not True:
        raise InvalidClientMetadata("dpop_bound_access_tokens must be true")
    if "code" not in _texts(document, "response_types", ["code"]):
        raise InvalidClientMetadata("response_types must include code")
    _check_unsupported(document)
    grant_types = _grant_types(document)
    application_type = _application_type(document)
    method, algorithm = _authentication(document, application_type)
    jwks, jwks_uri = _keys(document, method)
    return Client(
        client_id,
        _redirects(document, client_id, application_type),
        _scopes(document),
        frozenset(grant_types),
        method,
        algorithm,
        jwks,
        jwks_uri,
        _profile(document, client_id, is_public=method == NONE),
    )


def keys_in(document: object) -> tuple[Mapping[str, Any], ...]:
    """The keys of a JWKS. Raises InvalidClientMetadata."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= _ITEMS_MAX:
        raise InvalidClientMetadata("jwks must have keys")
    if not all(isinstance(each, dict) for each in keys):
        raise InvalidClientMetadata("jwks has an invalid key")
    if any("d" in each or each.get("kty") == "oct" for each in keys):
        raise InvalidClientMetadata("jwks must have public keys only")
    return tuple(keys)


def _check_unsupported(document: Mapping[str, Any]) -> None:
    for name, harmless in _HARMLESS.items():
        given = document.get(name)
        if given is not None and given not in harmless:
            raise InvalidClientMetadata(f"{name} has a value that is not supported")


def _grant_types(document: Mapping[str, Any]) -> tuple[str, ...]:
    grant_types = _texts(document, "grant_types", [CODE_GRANT])
    if CODE_GRANT not in grant_types:
        raise InvalidClientMetadata("grant_types must include authorization_code")
    if not {CODE_GRANT, REFRESH_GRANT}.issuperset(grant_types):
        raise InvalidClientMetadata("grant_types lists one that is not supported")
    if len(set(grant_types)) != len(grant_types):
        raise InvalidClientMetadata("grant_types lists a value twice")
    return grant_types


def _redirects(
    document: Mapping[str, Any], client_id: str, application_type: str
) -> tuple[str, ...]:
    uris = _texts(document, "redirect_uris", [])
    if not uris:
        raise InvalidClientMetadata("redirect_uris must not be empty")
    for uri in uris:
        redirect_uris.check_declared(uri, client_id, application_type)
    return tuple(dict.fromkeys(uris))


def _scopes(document: Mapping[str, Any]) -> frozenset[str]:
    scope = document.get("scope")
    if not isinstance(scope, str):
        raise InvalidClientMetadata("scope is required")
    scopes = scope.split(" ")
    if "" in scopes:
        raise InvalidClientMetadata("scope must be separated by single spaces")
    if len(set(scopes)) != len(scopes):
        raise InvalidClientMetadata("scope lists a value twice")
    if "atproto" not in scopes:
        raise InvalidClientMetadata("scope must include atproto")
    return frozenset(scopes)


def _application_type(document: Mapping[str, Any]) -> str:
    kind = document.get("application_type", "web")
    if kind not in _APPLICATION_TYPES:
        raise InvalidClientMetadata("application_type must be web or native")
    return str(kind)


def _authentication(document: Mapping[str, Any], application_type: str) -> tuple[str, str]:
    """How the client proves itself, and by which algorithm; empty for a public one."""
    method = document.get("token_endpoint_auth_method")
    algorithm = document.get("token_endpoint_auth_signing_alg")
    if method == NONE:
        if algorithm is not None:
            raise InvalidClientMetadata("token_endpoint_auth_signing_alg is not for public clients")
        return NONE, ""
    if method != PRIVATE_KEY_JWT:
        raise InvalidClientMetadata("token_endpoint_auth_method must be none or private_key_jwt")
    if application_type == redirect_uris.NATIVE:
        raise InvalidClientMetadata("A native client must have token_endpoint_auth_method none")
    if algorithm not in jose.ALGORITHMS:
        raise InvalidClientMetadata("token_endpoint_auth_signing_alg is missing or not supported")
    return PRIVATE_KEY_JWT, str(algorithm)


def _keys(document: Mapping[str, Any], method: str) -> tuple[tuple[Mapping[str, Any], ...], str]:
    jwks, uri = document.get("jwks"), document.get("jwks_uri")
    if jwks is not None and uri is not None:
        raise InvalidClientMetadata("jwks and jwks_uri exclude each other")
    if method == NONE:
        return (), ""
    if jwks is not None:
        return keys_in(jwks), ""
    parts = client_ids.split(uri) if isinstance(uri, str) else None
    if parts is None or parts.scheme != "https":
        raise InvalidClientMetadata("private_key_jwt requires jwks, or jwks_uri with https")
    return (), str(uri)


def _profile(document: Mapping[str, Any], client_id: str, *, is_public: bool) -> ClientProfile:
    name = "" if document.get("client_name") is None else document["client_name"]
    if not isinstance(name, str):
        raise InvalidClientMetadata("client_name must be a string")
    uri = _url(document, "client_uri")
    if uri and urlsplit(uri).hostname != urlsplit(client_id).hostname:
        raise InvalidClientMetadata("client_uri must be at the host of client_id")
    return ClientProfile(
        client_id,
        is_public,
        name[:_NAME_MAX_CHARS],
        uri,
        _url(document, "logo_uri"),
        _url(document, "tos_uri"),
        _url(document, "policy_uri"),
    )


def _url(document: Mapping[str, Any], name: str) -> str:
    """An https URL to show, empty for none. Raises InvalidClientMetadata for anything else."""
    given = document.get(name)
    if given is None:
        return ""
    parts = client_ids.split(given) if isinstance(given, str) else None
    if parts is None or parts.scheme != "https" or len(given) > redirect_uris.MAX_CHARS:
        raise InvalidClientMetadata(f"{name} must be an https URL")
    return str(given)


def _texts(document: Mapping[str, Any], name: str, default: list[str]) -> tuple[str, ...]:
    given = document.get(name, default)
    if not isinstance(given, list) or len(given) > _ITEMS_MAX:
        raise InvalidClientMetadata(f"{name} must be a list")
    if not all(isinstance(each, str) for each in given):
        raise InvalidClientMetadata(f"{name} must list strings")
    return tuple(given)
