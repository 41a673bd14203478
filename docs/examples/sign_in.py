"""Sign somebody in to an atproto host by OAuth, post in their name, refresh, sign out.

    pip install joserfc
    python sign_in.py http://localhost:2583 alice.test

Nothing but the standard library and a library for keys, so that each step can be read. An app for
others needs a metadata document at a https URL instead of `http://localhost?...`, and keeps key and
tokens where nobody else reads them.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

from joserfc import jws
from joserfc.jwk import ECKey

SCOPE = "atproto repo:app.bsky.feed.post?action=create"


class Dpop:
    """A key of this app's own; every token is bound to it, every request proves it (RFC 9449)."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256")
        self.nonces: dict[str, str] = {}  # the newest of each server

    def send(self, url: str, body: bytes | None = None, token: str = "", kind: str = "") -> dict:
        """A request with a proof, once more when the server wants a newer nonce."""
        try:
            return self._send(url, body, token, kind)
        except HTTPError as refusal:
            said = refusal.read()
            if b"use_dpop_nonce" not in said:
                raise SystemExit(f"{url}: {refusal.code} {said.decode()}") from None
        return self._send(url, body, token, kind)

    def _send(self, url: str, body: bytes | None, token: str, kind: str) -> dict:
        request = Request(url, body, {"DPoP": self._proof(url, body, token)})
        if kind:
            request.add_header("Content-Type", kind)
        if token:
            request.add_header("Authorization", f"DPoP {token}")
        try:
            with urlopen(request) as answer:
                self._keep_nonce(url, answer.headers)
                return json.loads(answer.read() or b"{}")
        except HTTPError as refusal:
            self._keep_nonce(url, refusal.headers)
            raise

    def _proof(self, url: str, body: bytes | None, token: str) -> str:
        claims = {
            "jti": secrets.token_urlsafe(16),
            "htm": "GET" if body is None else "POST",
            "htu": url.partition("?")[0],
            "iat": int(time.time()),
        }
        if nonce := self.nonces.get(urlsplit(url).netloc):
            claims["nonce"] = nonce
        if token:
            claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(header, json.dumps(claims), self.key, registry=registry)

    def _keep_nonce(self, url: str, headers: object) -> None:
        self.nonces[urlsplit(url).netloc] = headers["DPoP-Nonce"]


class Callback(BaseHTTPRequestHandler):
    """Where the browser comes back to: http://127.0.0.1:<port>/callback."""

    def do_GET(self) -> None:
        self.server.answer = dict(parse_qsl(urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Signed in. You may close this window.")

    def log_message(self, *_said: object) -> None:
        """Nothing: the address has the code in it."""


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def get(url: str) -> dict:
    with urlopen(url) as answer:
        return json.loads(answer.read())


def main(host: str, handle: str) -> None:
    # 1. Who speaks for this host? (A real app finds the host by the handle's DID document.)
    did = get(f"{host}/xrpc/com.atproto.identity.resolveHandle?handle={handle}")["did"]
    issuer = get(f"{host}/.well-known/oauth-protected-resource")["authorization_servers"][0]
    server = get(f"{issuer}/.well-known/oauth-authorization-server")

    # 2. A development client: its client_id is its metadata. The port of 127.0.0.1 is free.
    callback = HTTPServer(("127.0.0.1", 0), Callback)
    redirect_uri = f"http://127.0.0.1:{callback.server_port}/callback"
    client_id = "http://localhost?" + urlencode(
        {"redirect_uri": "http://127.0.0.1/callback", "scope": SCOPE}
    )

    # 3. The request goes to the server first, and the browser only gets its name (PAR, PKCE).
    dpop, state, verifier = Dpop(), secrets.token_urlsafe(16), secrets.token_urlsafe(48)

    def post(endpoint: str, **form: str) -> dict:
        body = urlencode({"client_id": client_id, **form}).encode()
        return dpop.send(server[endpoint], body, kind="application/x-www-form-urlencoded")

    pushed = post(
        "pushed_authorization_request_endpoint",
        response_type="code",
        redirect_uri=redirect_uri,
        scope=SCOPE,
        state=state,
        login_hint=handle,
        code_challenge=base64url(hashlib.sha256(verifier.encode()).digest()),
        code_challenge_method="S256",
    )
    query = urlencode({"client_id": client_id, "request_uri": pushed["request_uri"]})
    print(f"Open {server['authorization_endpoint']}?{query}", flush=True)
    callback.handle_request()
    answer = callback.answer
    if (answer.get("state"), answer.get("iss")) != (state, issuer) or "code" not in answer:
        raise SystemExit(f"not signed in: {answer.get('error_description') or answer}")

    # 4. The code for tokens. Whose they are is `sub`, and it has to be who was asked for.
    tokens = post(
        "token_endpoint",
        grant_type="authorization_code",
        code=answer["code"],
        redirect_uri=redirect_uri,
        code_verifier=verifier,
    )
    if tokens["sub"] != did:
        raise SystemExit(f"signed in as {tokens['sub']}")
    print(f"Signed in as {did}, may: {tokens['scope']}")

    # 5. A post. Another collection would be refused: 403 ScopeMissingError.
    record = {
        "$type": "app.bsky.feed.post",
        "text": "Hello from OAuth",
        "createdAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    wanted = {"repo": did, "collection": "app.bsky.feed.post", "record": record}
    written = dpop.send(
        f"{host}/xrpc/com.atproto.repo.createRecord",
        json.dumps(wanted).encode(),
        tokens["access_token"],
        "application/json",
    )
    print(f"Posted {written['uri']}")

    # 6. An access token is good for minutes; each refresh gives a new refresh token. Then the end.
    tokens = post(
        "token_endpoint", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    post("revocation_endpoint", token=tokens["refresh_token"])
    print("Refreshed, and signed out")


if __name__ == "__main__":
    main(*sys.argv[1:])
