"""kill -9 in each step of a move by pages, of the worker and of the web: resumed, nothing lost."""

import http.client
import json
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from tests.concurrency.client import Api
from tests.running import RunningGrove, running_grove

pytestmark = pytest.mark.slow
RECORDS, BLOBS, AT_ONCE = 2_000, 20, 200
THING = "com.example.thing"
OLD, NEW = "correct horse battery", "a brand new password"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
CODE = re.compile(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b")


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    with running_grove(GROVE_RATE_LIMITS="off") as started:
        yield started


class Browser:
    """Somebody at a host's pages, patient while its processes come and go."""

    def __init__(self, port: int, hostname: str) -> None:
        self.port, self.host = port, f"{hostname}:{port}"
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        deadline = time.monotonic() + 200
        while True:
            try:
                return self.ask("GET", path)[1]
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def send(self, path: str, shown_at: str, **fields: str) -> str:
        """Fill in a form; where it leads, or what is wrong."""
        token = TOKEN.search(self.get(shown_at))
        assert token is not None
        location, page = self.ask("POST", path, {**fields, "csrfmiddlewaretoken": token[1]})
        return location or page

    def ask(self, verb: str, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        headers = {
            "Host": self.host,
            "Origin": f"http://{self.host}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("localhost", self.port, timeout=120)
        connection.request(verb, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return urlsplit(answer.headers.get("Location") or "").path, page


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def kill(grove: RunningGrove, name: str) -> None:
    """kill -9 of one process, as soon as the supervisor has it back from the last time."""

    def is_killed() -> bool:
        try:
            grove.kill(name)
        except (ProcessLookupError, KeyError):
            return False
        return True

    until(is_killed)


def inhabitant(port: int) -> tuple[Api, str]:
    """An account at the first tenant's host, with records and blobs; its handle."""
    handle = f"m{time.time_ns() % 10**9}.test"
    api = Api(port)
    wanted = {"handle": handle, "email": f"{handle}@example.com", "password": OLD}
    api.token = api.call("com.atproto.server.createAccount", wanted)["accessJwt"]
    did = api.call("com.atproto.server.getSession")["did"]
    refs = [uploaded(api, b"picture %d" % number) for number in range(BLOBS)]
    for start in range(0, RECORDS, AT_ONCE):
        numbers = range(start, start + AT_ONCE)
        writes = [
            {
                "$type": "com.atproto.repo.applyWrites#create",
                "collection": THING,
                "rkey": f"k{number}",
                "value": {"$type": THING, "n": number, "blobs": refs[number : number + 1]},
            }
            for number in numbers
        ]
        asked = {"repo": did, "validate": False, "writes": writes}
        api.call("com.atproto.repo.applyWrites", asked)
    return api, handle


def uploaded(api: Api, data: bytes):
    headers = {
        "Host": f"localhost:{api.port}",
        "Authorization": f"Bearer {api.token}",
        "Content-Type": "text/plain",
    }
    api.connection.request("POST", "/xrpc/com.atproto.repo.uploadBlob", data, headers)
    return json.loads(api.connection.getresponse().read())["blob"]


def begun(grove: RunningGrove, handle: str) -> Browser:
    browser = Browser(grove.port, "birch.localhost")
    page = browser.send("/account/move-in", "/account/move-in", identifier=handle)
    did = re.search(r'name="did" value="([^"]+)"', page)
    assert did is not None, page
    label = handle.partition(".")[0]
    where = browser.send(
        "/account/move-in/password",
        "/account/move-in",
        did=did[1],
        handle=label,
        domain=".birch.test",
        email=f"{label}@example.com",
        password=NEW,
        old_password=OLD,
    )
    assert where == "/account/move", where
    return browser


def mailed_code(grove: RunningGrove, handle: str) -> str:
    page = Browser(grove.port, "localhost").get(f"/dev/mail?to={handle}@example.com")
    return CODE.findall(page)[0]


def shows(browser: Browser, words: str) -> Callable[[], bool]:
    return lambda: words in browser.get("/account/move")


def test_a_move_is_finished_whoever_is_killed_in_each_step(grove: RunningGrove) -> None:
    _, handle = inhabitant(grove.port)
    browser = begun(grove, handle)
    for _ in range(4):  # amid the download, the import, the settings, the blobs
        time.sleep(0.4)
        kill(grove, "worker")
    until(shows(browser, f"{RECORDS} are here"))
    for name in ("web-1", "web-2"):
        kill(grove, name)
    until(lambda: "Missing files" not in browser.get("/account/move"))
    assert "still leads to your old host" in browser.get("/account/move")
    browser.send("/account/move/code", "/account/move")
    until(lambda: bool(CODE.search(Browser(grove.port, "localhost").get("/dev/mail"))))
    kill(grove, "worker")
    code = mailed_code(grove, handle)
    where = browser.send("/account/move/confirm", "/account/move?step=code", code=code)
    assert where == "/account/move", where
    for name in ("worker", "web-1", "web-2"):
        kill(grove, name)
    until(shows(browser, "Your account lives here now."))
    page = browser.get("/account/data")
    assert f"<dd>{RECORDS}</dd>" in page
    assert f"<dd>{BLOBS}</dd>" in page
