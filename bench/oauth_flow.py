"""`python -m bench.oauth_flow [--rounds N] [--flows N]`: what a sign-in of an app costs a server.

Grove and, where it is installed, the reference PDS in turns: pushed request, the person's consent
(given by this script as the pages would), code for tokens, one refresh. All is checked: every code,
every token, each bound to its key. Prints CPU milliseconds of all processes of a server for each
part of a flow, without what the server uses anyway, when nobody asks. The app is a development
client, so nobody fetches a document. Loopback alone.
"""

import argparse
import base64
import hashlib
import html
import re
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from bench.compare import meter, people
from bench.compare.client import WrongAnswer
from bench.compare.servers import Server, find_reference, start_grove, start_reference
from bench.oauth_app import CALLBACK, CLIENT_ID, FORM, SCOPE, Answer, App, Browser

PARTS: Final = ("pushed request", "consent", "code for tokens", "refresh")
IDLE_S: Final = 5.0
REFERENCE_API: Final = "/@atproto/oauth-provider/~api"
_INPUT: Final = re.compile(r"<input[^>]*>")


@dataclass(slots=True)
class Flow:
    """One sign-in under way."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_hex(8))
    request_uri: str = ""
    code: str = ""
    refresh_token: str = ""


@dataclass(slots=True)
class Place:
    """A server with one account, its browser, and an app; `parts` are CPU ms a flow, by part."""

    server: Server
    app: App
    person: Browser
    did: str
    idle: float = 0.0  # CPU ms a second that the server uses when nobody asks
    parts: dict[str, list[float]] = field(default_factory=dict)

    def push(self, flow: Flow) -> None:
        """The app's pushed request."""
        digest = hashlib.sha256(flow.verifier.encode()).digest()
        given = {
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": flow.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        flow.request_uri = self.app.post("/oauth/par", given).json(201)["request_uri"]

    def consent(self, flow: Flow) -> None:
        """The person's yes, as the server's own pages give it."""
        page = _page(flow)
        location = (_by_api if self.server.name == "reference" else _by_forms)(self, page)
        query = parse_qs(urlsplit(location).query)
        if query.get("state") != [flow.state] or query.get("iss") != [self.app.browser.issuer]:
            raise WrongAnswer(f"not the answer to this request: {location}")
        flow.code = query["code"][0]

    def exchange(self, flow: Flow) -> None:
        """The code for tokens."""
        given = {"grant_type": "authorization_code", "code": flow.code, "redirect_uri": CALLBACK}
        self._keep(flow, self.app.post("/oauth/token", {**given, "code_verifier": flow.verifier}))

    def refresh(self, flow: Flow) -> None:
        """The next tokens."""
        given = {"grant_type": "refresh_token", "refresh_token": flow.refresh_token}
        self._keep(flow, self.app.post("/oauth/token", given))

    def _keep(self, flow: Flow, answer: Answer) -> None:
        told = answer.json()
        if told["sub"] != self.did or told["token_type"] != "DPoP":
            raise WrongAnswer(f"not this person's tokens: {told}")
        flow.refresh_token = told["refresh_token"]


def main() -> None:
    """Start the servers, run, print, stop."""
    options = _options()
    modules = find_reference()
    reference = start_reference(modules) if modules else None
    servers = [reference] if reference else []
    try:
        grove = start_grove(reference.plc if reference else None)
        servers.append(grove)
        places = [_moved_in(server) for server in servers]
        for place in places:
            before = _cpu_ms(place.server)
            time.sleep(IDLE_S)
            place.idle = (_cpu_ms(place.server) - before) / IDLE_S
        for turn in range(options.rounds + 1):
            for place in places if turn % 2 else reversed(places):
                _run(place, options.flows, is_counted=turn > 0)
        _print(places)
    finally:
        for server in servers:
            server.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.oauth_flow", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--flows", type=int, default=40, help="a round; a code is good for a minute"
    )
    return parser.parse_args()


def _run(place: Place, count: int, *, is_counted: bool) -> None:
    """So many flows, part by part; what each part cost the server goes into `place.parts`."""
    flows = [Flow() for _ in range(count)]
    steps: tuple[Callable[[Flow], None], ...] = (
        place.push, place.consent, place.exchange, place.refresh,
    )  # fmt: skip
    for part, step in zip(PARTS, steps, strict=True):
        before, begun_at = _cpu_ms(place.server), time.monotonic()
        for flow in flows:
            step(flow)
        idle = place.idle * (time.monotonic() - begun_at)
        if is_counted:
            cost = (_cpu_ms(place.server) - before - idle) / count
            place.parts.setdefault(part, []).append(cost)


def _cpu_ms(server: Server) -> float:
    used = meter.cpu_s(server.groups)
    return 1_000 * sum(s for name, s in used.items() if name != "plc")


def _moved_in(server: Server) -> Place:
    """A server with a new account that is signed in at a browser."""
    metadata = Browser(server).ask("GET", "/.well-known/oauth-authorization-server").json()
    issuer = metadata["issuer"]
    login = people.new_login()
    made = Browser(server).ask(
        "POST",
        "/xrpc/com.atproto.server.createAccount",
        orjson.dumps(login),
        Content_Type="application/json",
    )
    place = Place(server, App(Browser(server, issuer)), Browser(server, issuer), made.json()["did"])
    flow = Flow()
    place.push(flow)
    page = _page(flow)
    if server.name == "reference":
        _shown(place, page)
        name_and_password = {"username": login["handle"], "password": login["password"]}
        _api(place, page, "/sign-in", {"locale": "en", "remember": True, **name_and_password})
    else:
        form = _fields(_shown(place, page))
        form |= {"identifier": login["handle"], "password": login["password"]}
        _sent(place, page.replace("?", "/sign-in?"), form | {"is_remembered": "on"}, page)
    return place


def _page(flow: Flow) -> str:
    asked = {"client_id": CLIENT_ID, "request_uri": flow.request_uri}
    return f"/oauth/authorize?{urlencode(asked)}"


def _by_api(place: Place, page: str) -> str:
    """The reference's page, and what its script does when somebody clicks."""
    _shown(place, page)
    told = _api(place, page, "/consent", {"did": place.did, "scope": SCOPE})
    query = {name: each[0] for name, each in parse_qs(urlsplit(told["url"]).query).items()}
    if query["redirect_uri"] != CALLBACK:
        raise WrongAnswer(told["url"])
    way_back = told["url"].removeprefix(place.person.issuer)
    referrer = f"{place.person.issuer}{page}"
    answer = place.person.ask("GET", way_back, Referer=referrer, **_navigation("same-origin"))
    return answer.headers["Location"]


def _by_forms(place: Place, page: str) -> str:
    """Grove's pages: the account is chosen, then consent is given."""
    form = _fields(_shown(place, page))
    _sent(place, page.replace("?", "/account?"), form | {"account": place.did}, page)
    form = _fields(_shown(place, page))
    form |= {"account": place.did, "decision": "allow"}
    return _sent(place, page.replace("?", "/consent?"), form, page)


def _shown(place: Place, page: str) -> str:
    answer = place.person.ask("GET", page, **_navigation())
    if answer.status != 200:
        raise WrongAnswer(f"{page}: {answer.status} {answer.body[:300]!r}")
    return answer.body.decode()


def _sent(place: Place, path: str, form: Mapping[str, Any], page: str) -> str:
    """Send a form; where it leads."""
    body = urlencode(form, doseq=True).encode()
    origin = place.person.issuer
    more = {"Content_Type": FORM, "Origin": origin, "Referer": f"{origin}{page}"}
    answer = place.person.ask("POST", path, body, **more, **_navigation("same-origin"))
    if answer.status not in (302, 303):
        raise WrongAnswer(f"{path}: {answer.status} {answer.body[-300:]!r}")
    return answer.headers["Location"]


def _fields(page: str) -> dict[str, Any]:
    """Names and values of a page's hidden fields and ticked boxes."""
    found: dict[str, Any] = {}
    for tag in _INPUT.findall(page):
        about = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if about.get("type") == "hidden" or " checked" in tag:
            found.setdefault(about["name"], []).append(html.unescape(about.get("value", "")))
    return found


def _api(place: Place, page: str, path: str, body: Mapping[str, Any]) -> Any:
    origin = place.person.issuer
    return place.person.ask(
        "POST",
        REFERENCE_API + path,
        orjson.dumps(body),
        Content_Type="application/json",
        Origin=origin,
        Referer=f"{origin}{page}",
        Sec_Fetch_Mode="same-origin",
        Sec_Fetch_Site="same-origin",
        X_CSRF_Token=place.person.cookies.get("csrf-token", ""),
    ).json()


def _navigation(site: str = "none") -> dict[str, str]:
    names = ("Sec_Fetch_Mode", "Sec_Fetch_Dest", "Sec_Fetch_Site", "User_Agent")
    return dict(zip(names, ("navigate", "document", site, "bench"), strict=True))


def _print(places: list[Place]) -> None:
    print("| CPU ms a flow | " + " | ".join(place.server.name for place in places) + " | times |")
    print("|---" * (len(places) + 2) + "|")
    rows = [(part, [place.parts[part] for place in places]) for part in PARTS]
    both = (PARTS[0], PARTS[2])
    together = [
        [sum(costs) for costs in zip(*(place.parts[part] for part in both), strict=True)]
        for place in places
    ]
    for name, columns in [*rows, (" + ".join(both), together)]:
        medians = [statistics.median(column) for column in columns]
        shown = " | ".join(
            f"{middle:.2f} ({min(column):.2f}-{max(column):.2f})"
            for middle, column in zip(medians, columns, strict=True)
        )
        times = f"{medians[0] / medians[-1]:.2f}" if len(medians) > 1 else ""
        print(f"| {name} | {shown} | {times} |")


if __name__ == "__main__":
    sys.exit(main())
