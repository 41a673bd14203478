"""What the firehose does beside following its table."""

from contextlib import aclosing

import pytest
from django.utils import timezone

from hosting.models import Host
from repos.events import firehose
from repos.events.firehose import FirehoseFeed
from repos.events.streams.following import follow
from repos.models import CrawlPing
from repos.reads.repos import RepoRow
from tests.unit.repos.events.streams.test_following import play, say, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("stayed_s", "is_wanted"), [(0.0, True), (60.0, False)])
def test_relays_are_asked_to_come_back_when_a_reader_that_stayed_has_gone(
    ash: Host, repo: RepoRow, settings, monkeypatch, stayed_s, is_wanted
) -> None:
    say(repo, 1)
    settings.CRAWLERS = ["https://relay.example"]
    monkeypatch.setattr(firehose, "STAYED_S", stayed_s)
    asked = {"relay": "https://relay.example", "state": "asked", "last_asked_at": timezone.now()}
    ping = CrawlPing.objects.create(host_id=ash.pk, seq=1, **asked)

    async def scene(feed: FirehoseFeed) -> None:
        async with aclosing(await follow(feed, ash.pk, 0)) as stream:
            await take(stream, 5)
        if feed.telling is not None:
            await feed.telling

    play(scene)
    ping.refresh_from_db()
    assert ping.is_wanted is is_wanted
