"""`make network`: two people at two tenants see each other through a real app view, and what Ozone
says holds. It wants npm and half a gigabyte: GROVE_NETWORK=1."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.network.client import Person, Refused
from tests.interop.network.story import Moderator, Story, awaited, tell
from tests.running import RunningGrove, free_port, running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif(not os.environ.get("GROVE_NETWORK"), reason="GROVE_NETWORK is not set"),
]
READY = "network ready"


@pytest.fixture(scope="module")
def network() -> Iterator[RunningGrove]:
    ports = {f"GROVE_NETWORK_{name}_PORT": str(free_port()) for name in ("APPVIEW", "OZONE")}
    with running_grove("manage.py", "network", **ports) as grove:
        grove.await_line(READY)
        yield grove


@pytest.fixture(scope="module")
def story(network: RunningGrove) -> Story:
    password = (network.data / "network" / "secrets" / "admin-password").read_text().strip()
    ozone = f"http://localhost:{network.changed['GROVE_NETWORK_OZONE_PORT']}"
    return tell(network.url, Moderator(ozone, password))


def timeline(person: Person) -> dict[str, Any]:
    """Their posts by URI."""
    feed = person.ask("app.bsky.feed.getTimeline", limit=100)["feed"]
    return {each["post"]["uri"]: each["post"] for each in feed}


def picture_for(person: Person, story: Story) -> dict[str, Any]:
    """The post with the picture, once their timeline has it with everybody's likes."""

    def look() -> dict[str, Any] | None:
        post: dict[str, Any] | None = timeline(person).get(story.picture_post["uri"])
        return post if post and post["likeCount"] == 3 else None

    found: dict[str, Any] = awaited("the picture in the timeline", look)
    return found


def test_a_picture_of_one_tenant_is_in_a_timeline_of_the_other(story: Story) -> None:
    post = picture_for(story.people["anna"], story)
    assert post["author"]["handle"] == story.people["clara"].handle
    with urllib.request.urlopen(post["embed"]["images"][0]["thumb"], timeout=60) as answer:
        assert answer.headers.get_content_maintype() == "image"
        assert len(answer.read()) > 1000


def test_a_thread_goes_back_and_forth_between_the_tenants(story: Story) -> None:
    thread = awaited("the thread", lambda: deepest(story))
    assert thread == [story.people[name].handle for name in ("clara", "anna", "clara", "ben")]


def deepest(story: Story) -> list[str]:
    """Whose posts the thread has, from its root; [] until all of them are there."""
    asked = {"uri": story.picture_post["uri"], "depth": 10}
    found = story.people["dan"].ask("app.bsky.feed.getPostThread", **asked)["thread"]
    handles = []
    while found:
        handles.append(found["post"]["author"]["handle"])
        found = (found.get("replies") or [None])[0]
    return handles if len(handles) == 4 else []


def test_people_are_told_and_found_across_tenants(story: Story) -> None:
    anna, clara = story.people["anna"], story.people["clara"]

    def reasons() -> set[str]:
        listed = clara.ask("app.bsky.notification.listNotifications")["notifications"]
        return {each["reason"] for each in listed if each["author"]["did"] == anna.did}

    awaited("likes, replies and follows", lambda: {"like", "reply", "follow"} <= reasons())
    found = anna.ask("app.bsky.actor.searchActors", q="clara")["actors"]
    assert [each["did"] for each in found] == [clara.did]
    posts = anna.ask("app.bsky.feed.searchPosts", q="leek")["posts"]
    assert [each["author"]["did"] for each in posts] == [story.people["dan"].did]


def test_a_label_of_ozone_is_on_the_post_that_it_is_about(story: Story) -> None:
    uri = story.labelled_post["uri"]

    def labels() -> list[str]:
        post = timeline(story.people["anna"]).get(uri, {})
        return [each["val"] for each in post.get("labels", [])]

    assert awaited("the label", labels) == ["spoiler"]


def test_an_account_that_ozone_took_down_is_down_at_its_host_and_in_the_app_view(
    story: Story,
) -> None:
    did = story.people["spam"].did

    def refusals() -> bool:
        return all(
            refused(story.people["anna"], nsid, **asked)
            for nsid, asked in (
                ("app.bsky.actor.getProfile", {"actor": did}),
                ("com.atproto.sync.getLatestCommit", {"did": did}),
            )
        )

    assert awaited("the takedown", refusals)


def refused(person: Person, nsid: str, **asked: str) -> bool:
    try:
        person.ask(nsid, **asked)
    except Refused as refusal:
        return "Takedown" in str(refusal) or "RepoTakendown" in str(refusal)
    return False


def test_it_ends_whole_at_ctrl_c_and_is_there_again_at_the_next_start(
    network: RunningGrove, story: Story
) -> None:
    before = network.everybody()
    assert network.stop(signal.SIGINT) == 0
    assert [each for each in before if each.is_running()] == []
    network.start()
    network.await_line(READY)
    picture_for(story.people["anna"], story)
    assert Path(network.data / "network" / "run" / "pids.json").exists()
