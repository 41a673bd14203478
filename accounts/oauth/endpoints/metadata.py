"""Metadata documents: how clients find a host's authorization server, and what it can do.

Source: RFC 8414, RFC 9728, and what atproto.com/specs/oauth asks of both;
`authorization_management_uri` is draft-ietf-oauth-authorization-management-uri.
"""

from typing import Any, Final

from django.utils.translation import to_locale

from accounts.oauth import jose
from accounts.oauth.requests.pushed_requests import PROMPTS
from accounts.oauth.requests.redirects import RESPONSE_MODES
from hosting.models import Host
from hosting.pages import languages

SCOPES: Final = ("atproto", "transition:email", "transition:generic", "transition:chat.bsky")


def of_resource(host: Host) -> dict[str, Any]:
    """`/.well-known/oauth-protected-resource`: the host is a resource of its own server."""
    return {
        "resource": host.origin,
        "authorization_servers": [host.origin],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(jose.ALGORITHMS),
        "dpop_bound_access_tokens_required": True,
        "resource_name": host.tenant.name,
    }


def of_server(host: Host) -> dict[str, Any]:
    """`/.well-known/oauth-authorization-server`."""
    at = f"{host.origin}/oauth"
    return {
        "issuer": host.origin,
        "authorization_endpoint": f"{at}/authorize",
        "token_endpoint": f"{at}/token",
        "revocation_endpoint": f"{at}/revoke",
        "pushed_authorization_request_endpoint": f"{at}/par",
        "require_pushed_authorization_requests": True,
        "jwks_uri": f"{at}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(jose.ALGORITHMS),
        "dpop_signing_alg_values_supported": list(jose.ALGORITHMS),
        "scopes_supported": list(SCOPES),
        "subject_types_supported": ["public"],
        "prompt_values_supported": list(PROMPTS),
        "display_values_supported": ["page", "popup", "touch"],
        "ui_locales_supported": [to_locale(code).replace("_", "-") for code in languages.offered()],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "protected_resources": [host.origin],
        "authorization_management_uri": f"{host.origin}/account/apps",
    }


def key_set(_host: Host) -> dict[str, Any]:
    """`/oauth/jwks`: empty, because nobody but the host verifies what it makes."""
    return {"keys": []}
