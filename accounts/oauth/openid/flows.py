"""A sign-in at an OpenID provider: begun, finished, and the proof that the browser keeps of it.

`begin` says where to send the browser, and what its cookie is to hold; `finish` takes the answer
with that cookie, once, and gives another cookie's value: who was proven. Pages of ours read that
with `proven`, and `use` it up when they let somebody in.
"""

import hmac
import secrets
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from accounts.models import OpenIdProvider
from accounts.oauth.openid import discovery, id_tokens, people
from accounts.oauth.openid.discovery import Metadata
from accounts.oauth.openid.id_tokens import Expected
from accounts.oauth.openid.people import Person
from accounts.oauth.openid.refusals import (
    IdTokenRefused,
    ProviderSilent,
    ProviderWrong,
    SignInLost,
    SignInRefused,
)
from accounts.oauth.own_client import wrapped_values
from accounts.service_auth import replay_guard
from hosting.models import Host
from server.encryption import keyring
from server.encryption.compact_jws import base64url
from server.net import http_client

BACK: Final = "account/sign-in/openid/back"  # and the provider's number
LASTS_S: Final = 900
_BEGAN: Final = "openid-began"
_PROVEN: Final = "openid-proven"
_CODE_MAX_CHARS: Final = 4_096
_TOKEN_MAX_CHARS: Final = 32_768


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, and what its cookie is to hold for LASTS_S."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Somebody whom a provider vouched for in this browser at a moment, and until when that lets
    them in, once (unix seconds)."""

    provider: OpenIdProvider
    person: Person
    mark: str
    at: float
    until: int


def enabled(host: Host) -> "list[OpenIdProvider]":
    """The providers of a host's tenant that are in use."""
    return list(
        OpenIdProvider.objects.filter(tenant=host.tenant_id, is_enabled=True).order_by("pk")
    )


def of_host(host: Host, provider_id: int) -> OpenIdProvider:
    """One of them. Raises SignInLost for another tenant's, or one that is not in use."""
    found = OpenIdProvider.objects.filter(tenant=host.tenant_id, is_enabled=True, pk=provider_id)
    provider = found.first()
    if provider is None:
        raise SignInLost
    return provider


def back_url(host: Host, provider: OpenIdProvider) -> str:
    """Where one provider sends people back to, as it is registered there. Each has an address of
    its own, so that none passes off another's answer as its own (RFC 9700 section 4.4.2.2)."""
    return f"{host.origin}/{BACK}/{provider.pk}"


def begin(
    host: Host, provider: OpenIdProvider, what: str, to: str, *, is_anew: bool = False
) -> Started:
    """Send somebody to the provider. `is_anew`: they are to prove who they are even if they are
    signed in there. Raises ProviderWrong, ProviderSilent."""
    metadata = discovery.find(provider.issuer)
    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back_url(host, provider),
        "scope": provider.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": base64url(sha256(verifier.encode()).digest()).decode(),
        "code_challenge_method": "S256",
    }
    if is_anew:
        asked |= {"prompt": "login", "max_age": "0"}
    joint = "&" if "?" in metadata.authorization else "?"
    began = {
        "provider": provider.pk,
        "issuer": provider.issuer,
        "what": what,
        "to": to,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "anew_at": int(time.time()) if is_anew else 0,
    }
    cookie = wrapped_values.wrap(host, _BEGAN, began, LASTS_S)
    return Started(f"{metadata.authorization}{joint}{urlencode(asked)}", cookie)


def finish(host: Host, provider_id: int, cookie: str, answer: Mapping[str, str]) -> tuple[str, str]:
    """The page to go on with, and the cookie's value that it takes. `answer` is the query, which
    came to the address of that provider. Raises SignInLost, SignInRefused, ProviderWrong,
    IdTokenRefused, ProviderSilent."""
    began = wrapped_values.unwrap(host, _BEGAN, cookie)
    provider = of_host(host, began["provider"])
    if provider.pk != provider_id:
        raise SignInLost  # the answer of another provider
    if provider.issuer != began["issuer"]:
        raise SignInLost  # another one was set meanwhile
    given = answer.get("state", "").encode(errors="replace")
    if not hmac.compare_digest(given, began["state"].encode()):
        raise SignInLost
    if not replay_guard.claim(host, _BEGAN, began["state"], began["until"]):
        raise SignInLost
    metadata = discovery.find(provider.issuer)
    said = answer.get("iss")
    if said != metadata.issuer and (metadata.names_itself or said is not None):
        raise SignInLost  # the answer of another provider
    code = answer.get("code", "")
    if answer.get("error") or not 0 < len(code) <= _CODE_MAX_CHARS:
        raise SignInRefused(f"The provider answered: {answer.get('error', '')[:100] or 'no code'}")
    claims = _claims(host, provider, metadata, began, code)
    proof = {
        "provider": provider.pk,
        "person": people.of_claims(provider, claims).dumped(),
        "what": began["what"],
        "mark": secrets.token_urlsafe(16),
        "at": time.time(),
    }
    return began["to"], wrapped_values.wrap(host, _PROVEN, proof, LASTS_S)


def asked_for(host: Host, cookie: str) -> str:
    """What a sign-in that began was for; empty for none."""
    try:
        return str(wrapped_values.unwrap(host, _BEGAN, cookie)["what"])
    except SignInLost:
        return ""


def people_of(host: Host) -> "list[OpenIdProvider]":
    """The providers by which people sign in at a host."""
    return [each for each in enabled(host) if each.is_for_people]


def proven(host: Host, what: str, cookie: str) -> Proven:
    """Who was proven in this browser, for this. Raises SignInLost."""
    kept = wrapped_values.unwrap(host, _PROVEN, cookie)
    if kept["what"] != what:
        raise SignInLost
    provider = of_host(host, kept["provider"])
    return Proven(provider, Person(**kept["person"]), kept["mark"], kept["at"], kept["until"])


def use(host: Host, proof: Proven) -> None:
    """Let somebody in by it, once. Raises SignInLost."""
    if not replay_guard.claim(host, _PROVEN, proof.mark, proof.until):
        raise SignInLost


def _claims(
    host: Host, provider: OpenIdProvider, metadata: Metadata, began: Mapping[str, Any], code: str
) -> Mapping[str, Any]:
    """What the provider says of the person: in the ID token, and beside it where it has more."""
    tokens = _tokens(host, provider, metadata, began["verifier"], code)
    access, id_token = tokens.get("access_token"), tokens.get("id_token")
    if not isinstance(id_token, str):
        raise IdTokenRefused("The provider gave no ID token")
    access = access if isinstance(access, str) else ""
    expected = Expected(provider.client_id, began["nonce"], access, began["anew_at"])
    claims = id_tokens.verify(id_token, metadata, expected)
    if not metadata.userinfo or not access.isascii() or not 0 < len(access) <= _TOKEN_MAX_CHARS:
        return claims
    if not access.isprintable():
        return claims
    more = discovery.fetched(metadata.userinfo, {"Authorization": f"Bearer {access}"})
    if more.get("sub") != claims["sub"]:
        raise IdTokenRefused("The provider's userinfo is about somebody else")
    return {**more, **claims}


def _tokens(
    host: Host, provider: OpenIdProvider, metadata: Metadata, verifier: str, code: str
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back_url(host, provider),
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    _prove_ourselves(provider, headers, form)
    try:
        answer = http_client.request(
            "POST",
            metadata.tokens,
            headers=headers,
            body=urlencode(form).encode(),
            timeout_s=2 * discovery.TIMEOUT_S,
            max_bytes=discovery.MAX_BYTES,
        )
    except http_client.TooLarge as error:
        raise ProviderWrong("The provider's token endpoint sends too much") from error
    except http_client.RequestFailed as error:
        raise ProviderSilent from error
    if answer.status >= 500 or answer.status == 429:
        raise ProviderSilent(f"The provider's token endpoint answered {answer.status}")
    said = discovery.object_in(answer.body, metadata.tokens)
    if answer.status != 200:
        name = str(said.get("error", answer.status))[:100]
        if name == "invalid_grant":
            raise SignInRefused("The provider does not take its own code")
        raise ProviderWrong(f"The provider's token endpoint refused: {name}")
    return said


def _prove_ourselves(
    provider: OpenIdProvider, headers: dict[str, str], form: dict[str, str]
) -> None:
    """Source: RFC 6749 section 2.3.1, whose header has both parts encoded as in a form."""
    if provider.client_auth == OpenIdProvider.ClientAuth.NONE:
        form["client_id"] = provider.client_id
        return
    secret = keyring.unwrap(bytes(provider.client_secret)).decode()
    if provider.client_auth == OpenIdProvider.ClientAuth.POST:
        form |= {"client_id": provider.client_id, "client_secret": secret}
        return
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
