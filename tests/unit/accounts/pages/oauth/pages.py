"""Pages of a sign-in as a browser meets them."""

import secrets
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.utils import timezone

from accounts.models import OAuthRequest
from accounts.oauth.clients import ClientProfile
from server.encryption import digests
from tests.unit.accounts.pages.sign_up_form import FORM

CLIENT_ID = "https://app.example.com/client.json"


BACK = "https://app.example.com/back"


SCOPE = "atproto repo:app.bsky.feed.post account:email"


def query_of(host, client_id=CLIENT_ID, is_public=True, shown=None, **parameters) -> str:
    """`client_id=...&request_uri=...` of a new request with these parameters."""
    uri = f"urn:ietf:params:oauth:request_uri:req-{secrets.token_hex(16)}"
    client = ClientProfile(client_id, is_public=is_public, **(shown or {}))
    fields = {"redirect_uri": BACK, "scope": SCOPE, "state": "s1", "code_challenge": "c"}
    OAuthRequest.objects.create(
        host=host,
        uri_sha256=digests.sha256(uri),
        client_id=client_id,
        client=client.stored(),
        parameters=fields | parameters,
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    return urlencode({"client_id": client_id, "request_uri": uri})


def at(query: str, page: str = "") -> str:
    """The address of a page about a request."""
    return f"/oauth/authorize{page}?{query}"


def sign_in(browser, query, identifier="alice", **more):
    """The name and the password, on the page that asks for them."""
    given = {"identifier": identifier, "password": FORM["password"], **more}
    return browser.post(at(query, "/sign-in"), given)


def allow(browser, query, account, *scopes):
    """Yes to these scopes."""
    given = {"decision": "allow", "account": account.did, "scope": scopes}
    return browser.post(at(query, "/consent"), given)


def text(response) -> str:
    return response.content.decode()


def told(response) -> dict[str, str]:
    """What the app learns of a redirect to it."""
    assert response.status_code == 303
    assert response["Location"].startswith(BACK)
    return dict(parse_qsl(urlsplit(response["Location"]).query))
