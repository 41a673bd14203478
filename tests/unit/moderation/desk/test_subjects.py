"""What is shown of a subject: strangers' values, as text and nothing more; and what it hangs on."""

import orjson
import pytest

from accounts.models import SignIn
from moderation.desk import cases
from moderation.desk.subjects import dossier, rendering, threads
from moderation.desk.subjects.facts import facts
from moderation.desk.subjects.rendering import Piece
from moderation.desk.subjects.subject import Subject
from moderation.desk.subjects.threads import NoThread
from protocol import cbor
from server.net import http_client
from server.net.http_client import Answer, TimedOut
from tests.factories import account_row

URI = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/k"


def shown(value: object) -> rendering.Shown:
    return rendering.of_block(cbor.encode(value))


def facet(start: int, end: int, uri: str = "https://e.example") -> dict[str, object]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [{"uri": uri}]}


def test_a_text_says_where_its_links_lead():
    post = {"text": "né here now", "facets": [facet(4, 8)]}
    assert shown(post).pieces == [
        Piece("né "), Piece("here", "https://e.example"), Piece(" now"),
    ]  # fmt: skip


@pytest.mark.parametrize("facets", [
    "x", [1], [{}], [facet(2, 3)], [facet(-1, 3)], [facet(3, 99)], [facet(8, 4)],
    [{"index": {"byteStart": True, "byteEnd": 3}, "features": [{"uri": "x"}]}],
    [{"index": [], "features": {}}],
])  # fmt: skip
def test_facets_that_fit_nothing_are_left_out(facets):
    assert [piece.text for piece in shown({"text": "né here", "facets": facets}).pieces] == [
        "né here"
    ]


@pytest.mark.parametrize("value", [
    [], {"text": 1, "embed": [], "reply": "x"}, {"embed": {"images": {}}},
])  # fmt: skip
def test_a_record_of_another_shape_shows_nothing(value):
    assert shown(value) == rendering.Shown()


def test_what_is_quoted_and_answered_is_named():
    quoting = {"embed": {"record": {"uri": URI}}, "reply": {"parent": {"uri": URI}}}
    assert (shown(quoting).quoted, shown(quoting).reply_to) == (URI, URI)
    with_media = {"embed": {"record": {"record": {"uri": URI}}}}
    assert shown(with_media).quoted == URI


def answering(monkeypatch, answer) -> None:
    def ask(*_args, **_more):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(http_client, "request_configured", ask)


def node(text: str, **more) -> dict[str, object]:
    return {"post": {"author": {"handle": "a.test"}, "record": {"text": text}}, **more}


@pytest.mark.django_db
def test_a_thread_is_read_from_top_to_bottom(ash, settings, monkeypatch):
    settings.APPVIEW_URL = "https://appview.example"
    thread = node("it", parent=node("up", parent=node("top")), replies=[node("down"), 1, node("2")])
    answering(monkeypatch, Answer(200, {}, orjson.dumps({"thread": thread})))
    posts = threads.around(ash, URI)
    assert [post.text for post in posts if post.text] == ["top", "up", "it", "down", "2"]
    assert [post.text for post in posts if post.is_the_one] == ["it"]


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [
    TimedOut("late"), Answer(404, {}, b"{}"), Answer(200, {}, b"no json"), Answer(200, {}, b"[]"),
    Answer(200, {}, b'{"thread": {"notFound": true}}'),
])  # fmt: skip
def test_an_app_view_that_is_silent_or_talks_nonsense_is_said_so(
    ash, settings, monkeypatch, answer
):
    settings.APPVIEW_URL = "https://appview.example"
    answering(monkeypatch, answer)
    with pytest.raises(NoThread):
        threads.around(ash, URI)


@pytest.mark.django_db
def test_accounts_of_a_mail_domain_and_of_a_network_are_connected(ash, birch):
    one = account_row(ash, "one", email="one@rare.example")
    same = account_row(ash, "same", email="same@rare.example")
    near = account_row(ash, "near", email="near@other.example")
    far = account_row(birch, "far", email="far@rare.example")
    for each in (one, near, far):
        SignIn.objects.bulk_create(
            SignIn(account=each, is_success=True, way="password", place="192.0.2.0/24",
                   at=each.created_at) for _ in range(250)
        )  # fmt: skip
    known = facts(cases.open_or_join(ash, Subject(one.did), "spam"))
    found = dossier.connected(known)
    assert (found.by_domain, found.by_network, found.has_common_domain) == ([same], [near], False)


@pytest.mark.django_db
def test_a_common_mail_domain_says_nothing(ash):
    for number in range(dossier.CONNECTED_MAX + 2):
        account_row(ash, f"a{number}")
    known = facts(cases.open_or_join(ash, Subject(account_row(ash, "one").did), "spam"))
    found = dossier.connected(known)
    assert (found.by_domain, found.has_common_domain) == ([], True)
