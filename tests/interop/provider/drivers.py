"""What the provider does in the story, by two means: the REST API, and `manage.py`."""

import json
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final

from tests.interop.network.story import awaited
from tests.running import RunningGrove
from tests.smtp_server import PostOffice

TENANT, DOMAIN = "acme", "acme.test"
PHRASE: Final = "a passphrase of some length"
MANAGE: Final = ".venv/bin/python manage.py"


class Provider(ABC):
    """The provider of one deployment, and the tenant's host there. Each step returns what was
    answered."""

    post_office: PostOffice | None = None  # which has the letters that no sandbox shows

    def __init__(self, grove: RunningGrove, folder: Path, host: str = "acme.localhost") -> None:
        self.grove, self.folder, self.host = grove, folder, host

    @property
    def url(self) -> str:
        """The host's."""
        is_public = self.grove.public_url.startswith("https://")
        return f"https://{self.host}" if is_public else f"http://{self.host}:{self.grove.port}"

    @abstractmethod
    def set_up(self) -> None:
        """A tenant with a host, its domain and another one, an owner who is invited, and a plan."""

    @abstractmethod
    def limit(self, **limits: int | None) -> None:
        """Change the plan."""

    @abstractmethod
    def invite(self, listed: str) -> dict[str, Any]:
        """Look at a list of people, then have them written to; the counts of both."""

    @abstractmethod
    def suspend(self) -> None:
        """Suspend the tenant."""

    @abstractmethod
    def resume(self) -> None:
        """Resume it."""

    @abstractmethod
    def export(self) -> Path:
        """The archive."""

    @abstractmethod
    def delete(self) -> int:
        """Delete the tenant; how many accounts the job has deleted when no more are left."""

    @abstractmethod
    def take_in(self, archive: Path) -> dict[str, Any]:
        """Import the archive, after a dry run; what there is of it."""

    @abstractmethod
    def job(self, number: int) -> dict[str, Any]:
        """A job as it is now, with `state`, `done` and `result`."""

    def ended(self, number: int) -> dict[str, Any]:
        """A job that was done."""
        found: dict[str, Any] = awaited(f"job {number}", lambda: self._decided(number))
        assert found["state"] == "done", found
        return found

    def _decided(self, number: int) -> dict[str, Any] | None:
        found = self.job(number)
        return found if found["state"] in ("done", "failed") else None

    def _deleted(self, number: int) -> int:
        awaited("the deletion of everybody", lambda: self.job(number)["step"].startswith("relays"))
        count: int = self.job(number)["done"]
        return count


class ByApi(Provider):
    """By the REST API; one command makes the token."""

    def __init__(self, grove: RunningGrove, folder: Path, host: str = "acme.localhost") -> None:
        super().__init__(grove, folder, host)
        scopes = ["tenants", "hosts", "invites", "staff", "plans", "jobs"]
        asked = " ".join(f"--scope {each}:{verb}" for each in scopes for verb in ("read", "write"))
        asked += " --scope tenants:export"
        made = grove.command(f"{MANAGE} token create story {asked} --json")
        self.token = json.loads(made)["token"]

    def set_up(self) -> None:
        self.call("POST", "tenants", {"slug": TENANT, "name": "Acme"})
        new = {"tenant": TENANT, "hostname": self.host, "domains": [DOMAIN]}
        self.call("POST", "hosts", {**new, "settings": {"admission": "invite"}})
        self.call("POST", f"hosts/{self.host}/domains", {"domain": "other.test"})
        owner = {"email": "owner@acme.example", "role": "owner"}
        self.call("POST", f"tenants/{TENANT}/staff-invites", owner)
        self.call("POST", "plans", {"slug": "club", "name": "Club"})
        self.call("PATCH", f"tenants/{TENANT}/plan", {"plan": "club"})

    def limit(self, **limits: int | None) -> None:
        named = {name.replace("_", "-"): value for name, value in limits.items()}
        self.call("PATCH", "plans/club", {"limits": named})

    def invite(self, listed: str) -> dict[str, Any]:
        where = f"hosts/{self.host}/invites/mail"
        looked = self.call("POST", where, {"listed": listed, "dry_run": True})
        job = self.call("POST", where, {"listed": listed})
        return {**self.ended(job["id"])["result"], "looked": len(looked["to_invite"])}

    def suspend(self) -> None:
        self.call("POST", f"tenants/{TENANT}/suspend", {"reason": "unpaid"})

    def resume(self) -> None:
        self.call("POST", f"tenants/{TENANT}/resume")

    def export(self) -> Path:
        job = self.call("POST", f"tenants/{TENANT}/export", {"passphrase": PHRASE})
        archive = self.ended(job["id"])["result"]["archive"]
        path = self.folder / "by-api.tar"
        path.write_bytes(self._ask("GET", f"archives/{archive}/file"))
        return path

    def delete(self) -> int:
        job = self.call("DELETE", f"tenants/{TENANT}?confirm={TENANT}")
        return self._deleted(job["id"])

    def take_in(self, archive: Path) -> dict[str, Any]:
        sent = self._ask("POST", "archives", archive.read_bytes(), "application/x-tar")
        where = f"archives/{json.loads(sent)['id']}/import"
        looked = self.call("POST", where, {"passphrase": PHRASE, "dry_run": True})
        assert self.ended(looked["id"])["result"]["accounts"] > 0
        made = self.ended(self.call("POST", where, {"passphrase": PHRASE})["id"])
        result: dict[str, Any] = made["result"]
        return result

    def job(self, number: int) -> dict[str, Any]:
        found = self.call("GET", f"jobs/{number}")
        return {**found, **found["progress"]}

    def call(self, verb: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        answer = self._ask(verb, path, data)
        return json.loads(answer) if answer else None

    def _ask(
        self, verb: str, path: str, data: bytes | None = None, kind: str = "application/json"
    ) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        url = f"{self.grove.public_url}/api/v1/{path}"
        asked = urllib.request.Request(url, data, headers, method=verb)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as refusal:
            raise AssertionError(f"{verb} {path}: {refusal.code} {refusal.read()!r}") from None


class ByCommand(Provider):
    """By the command line."""

    def set_up(self) -> None:
        self.run(f"tenant create {TENANT} --name Acme")
        self.run(f"host add {self.host} --tenant {TENANT} --domain {DOMAIN} --admission invite")
        self.run(f"domain add {self.host} other.test")
        self.run(f"staff invite owner@acme.example --role owner --tenant {TENANT}")
        self.run("plan create club --name Club")
        self.run(f"tenant plan {TENANT} club")

    def limit(self, **limits: int | None) -> None:
        words = {
            name.replace("_", "-"): "default" if value is None else value
            for name, value in limits.items()
        }
        self.run("plan set club " + " ".join(f"--{name} {word}" for name, word in words.items()))

    def invite(self, listed: str) -> dict[str, Any]:
        file = self.folder / "people.csv"
        file.write_text(listed)
        looked = self.run(f"host invite {self.host} {file} --dry-run")
        job = self.run(f"host invite {self.host} {file}")
        return {**self.ended(job["job"])["result"], "looked": len(looked["to_invite"])}

    def suspend(self) -> None:
        self.run(f"tenant suspend {TENANT} --reason unpaid")

    def resume(self) -> None:
        self.run(f"tenant resume {TENANT}")

    def export(self) -> Path:
        path = self.folder / "by-command.tar"
        self.run(f"tenant export {TENANT} --to {path} --passphrase-file {self._phrase()}")
        return path

    def delete(self) -> int:
        return self._deleted(self.run(f"tenant delete {TENANT} --confirm {TENANT}")["job"])

    def take_in(self, archive: Path) -> dict[str, Any]:
        words = f"tenant import {archive} --passphrase-file {self._phrase()}"
        assert self.run(f"{words} --dry-run")["accounts"] > 0
        made: dict[str, Any] = self.run(words)
        return made

    def job(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.run(f"job show {number}")
        return found

    def run(self, words: str) -> Any:
        return json.loads(self.grove.command(f"{MANAGE} {words} --json"))

    def _phrase(self) -> Path:
        file = self.folder / "phrase"
        file.write_text(PHRASE)
        return file
