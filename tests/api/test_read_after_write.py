"""Answers of an app view that lags behind, with the author's own last writes merged in."""

import gzip

import orjson
import pytest

from repos.reads import repos
from tests.api.clients import Person
from tests.api.relayed import Relayed, get, labeler, view
from tests.upstreams import Upstream, answering, raw

__all__ = ["labeler", "view"]

POST = "app.bsky.feed.post"
PROFILE = "app.bsky.actor.getProfile"
THREAD = "app.bsky.feed.getPostThread"
TIMELINE = "app.bsky.feed.getTimeline"
AUTHOR_FEED = "app.bsky.feed.getAuthorFeed"
LAG = "atproto-upstream-lag"
OTHER = "did:web:other.example.com"
OLD = "2020-01-01T00:00:00.000Z"
CID = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"


def rev(person: Person) -> str:
    return repos.find_repo(person.host, person.did).rev


@pytest.fixture
def seen(alice) -> str:
    """The rev up to which the app view knows Alice: it has one post of hers."""
    say(alice, "before")
    return rev(alice)


def say(person: Person, text: str, **more) -> dict:
    return person.create(POST, {"text": text, "createdAt": "2026-01-01T00:00:00.000Z", **more})


def be_called(person: Person, name: str, **more) -> None:
    record = {"$type": "app.bsky.actor.profile", "displayName": name, **more}
    named = {"collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
    assert person.call("com.atproto.repo.putRecord", repo=person.did, **named).status_code == 200


def lagging(view: Upstream, nsid: str, value: dict, seen: str, status: str = "200 OK") -> None:
    view.answers(nsid, answering(value, status, atproto_repo_rev=seen))


def post_view(did: str, key: str = "k", at: str = OLD, **record) -> dict:
    uri = f"at://{did}/{POST}/{key}"
    said = {"$type": POST, "text": key, "createdAt": OLD, **record}
    author = {"did": did, "handle": "someone.test"}
    return {"uri": uri, "cid": CID, "author": author, "record": said, "indexedAt": at}


def texts(answer: Relayed) -> list[str]:
    return [item["post"]["record"]["text"] for item in answer.json()["feed"]]


def reply_to(root: str, parent: str = "") -> dict:
    ref = {"root": {"uri": root, "cid": CID}, "parent": {"uri": parent or root, "cid": CID}}
    return {"reply": ref}


# --- profiles


def test_a_profile_shows_the_name_of_a_moment_ago(alice, view, seen):
    be_called(alice, "fresh", description="new")
    stale = {"did": alice.did, "handle": alice.handle, "displayName": "stale", "postsCount": 1}
    lagging(view, PROFILE, stale, seen)
    answer = get(alice, PROFILE, {"actor": alice.did})
    assert answer.json() == {**stale, "displayName": "fresh", "description": "new"}
    assert int(answer.headers[LAG]) >= 0


def test_a_name_that_was_taken_away_is_gone(alice, view, seen):
    be_called(alice, "")
    lagging(view, PROFILE, {"did": alice.did, "handle": "a.test", "avatar": "https://x"}, seen)
    assert "avatar" not in get(alice, PROFILE, {"actor": alice.did}).json()


def test_somebody_elses_profile_is_left_alone(alice, view, seen):
    be_called(alice, "fresh")
    theirs = {"did": OTHER, "handle": "other.test", "displayName": "stale"}
    lagging(view, PROFILE, theirs, seen)
    assert get(alice, PROFILE, {"actor": OTHER}).json() == theirs


def test_of_several_profiles_the_own_one_is_fresh(alice, view, seen):
    be_called(alice, "fresh")
    nsid = "app.bsky.actor.getProfiles"
    two = [{"did": OTHER, "handle": "o.test"}, {"did": alice.did, "handle": "a.test"}]
    lagging(view, nsid, {"profiles": two}, seen)
    answer = get(alice, nsid, {"actors": [OTHER, alice.did]}).json()["profiles"]
    assert [profile.get("displayName") for profile in answer] == [None, "fresh"]


def test_pictures_are_here_unless_the_app_view_has_a_store(alice, view, seen, settings):
    blob = alice.send("com.atproto.repo.uploadBlob", PNG, "image/png").json()["blob"]
    be_called(alice, "x", avatar=blob)
    lagging(view, PROFILE, {"did": alice.did, "handle": "a.test"}, seen)
    cid = blob["ref"]["$link"]
    here = get(alice, PROFILE, {"actor": alice.did}).json()["avatar"]
    assert here.startswith(f"{alice.host.origin}/xrpc/com.atproto.sync.getBlob?did=")
    settings.APPVIEW_CDN = "https://cdn.example.com/{preset}/{did}/{cid}@jpeg"
    there = get(alice, PROFILE, {"actor": alice.did}).json()["avatar"]
    assert there == f"https://cdn.example.com/avatar/{alice.did}/{cid}@jpeg"


# --- feeds


def test_own_posts_are_on_top_of_the_own_feed(alice, view, seen):
    say(alice, "one")
    say(alice, "two")
    lagging(view, AUTHOR_FEED, {"feed": [{"post": post_view(alice.did, "old")}]}, seen)
    for actor in (alice.did, alice.handle):
        assert texts(get(alice, AUTHOR_FEED, {"actor": actor})) == ["two", "one", "old"]


def test_an_empty_feed_of_ones_own_gets_the_first_post(alice, view, seen):
    say(alice, "one")
    lagging(view, AUTHOR_FEED, {"feed": []}, seen)
    assert texts(get(alice, AUTHOR_FEED, {"actor": alice.did})) == ["one"]


def test_posts_do_not_show_in_somebody_elses_feed(alice, view, seen):
    say(alice, "one")
    lagging(view, AUTHOR_FEED, {"feed": [{"post": post_view(OTHER, "old")}]}, seen)
    assert texts(get(alice, AUTHOR_FEED, {"actor": OTHER})) == ["old"]


def test_a_later_page_gets_no_new_posts(alice, view, seen):
    say(alice, "one")
    lagging(view, AUTHOR_FEED, {"feed": [{"post": post_view(alice.did, "old")}]}, seen)
    assert texts(get(alice, AUTHOR_FEED, {"actor": alice.did, "cursor": "x"})) == ["old"]


def test_a_feed_without_replies_gets_none(alice, view, seen):
    say(alice, "reply", **reply_to(f"at://{OTHER}/{POST}/k"))
    say(alice, "one")
    lagging(view, AUTHOR_FEED, {"feed": []}, seen)
    asked = {"actor": alice.did, "filter": "posts_no_replies"}
    assert texts(get(alice, AUTHOR_FEED, asked)) == ["one"]
    media = {"actor": alice.did, "filter": "posts_with_media"}
    assert texts(get(alice, AUTHOR_FEED, media)) == []


def test_own_posts_have_their_place_in_the_timeline(alice, view, seen):
    say(alice, "mine")
    future = post_view(OTHER, "later", at="2999-01-01T00:00:00.000Z")
    lagging(view, TIMELINE, {"feed": [{"post": future}, {"post": post_view(OTHER, "old")}]}, seen)
    assert texts(get(alice, TIMELINE)) == ["later", "mine", "old"]


def test_a_post_that_the_app_view_does_show_is_not_shown_twice(alice, view, seen):
    key = say(alice, "mine")["uri"].rpartition("/")[2]
    known = post_view(alice.did, key, at="2025-01-01T00:00:00.000Z")
    lagging(view, TIMELINE, {"feed": [{"post": known}]}, seen)
    assert texts(get(alice, TIMELINE)) == [key]


def test_likes_show_the_own_name_of_a_moment_ago(alice, view, seen):
    be_called(alice, "fresh")
    nsid = "app.bsky.feed.getActorLikes"
    feed = [{"post": post_view(OTHER)}, {"post": post_view(alice.did)}]
    lagging(view, nsid, {"feed": feed}, seen)
    items = get(alice, nsid, {"actor": alice.did}).json()["feed"]
    assert [item["post"]["author"].get("displayName") for item in items] == [None, "fresh"]


def test_a_post_is_shown_as_the_app_view_will_show_it(alice, view, seen):
    be_called(alice, "fresh")
    made = say(alice, "mine")
    lagging(view, TIMELINE, {"feed": []}, seen)
    [item] = get(alice, TIMELINE).json()["feed"]
    post = item["post"]
    assert (post["uri"], post["cid"], post["likeCount"]) == (made["uri"], made["cid"], 0)
    assert post["author"]["displayName"] == "fresh"
    assert post["indexedAt"] > "2026"


# --- what posts carry


def embedded(alice: Person, view: Upstream, seen: str, embed: dict) -> dict | None:
    say(alice, "mine", embed=embed)
    lagging(view, TIMELINE, {"feed": []}, seen)
    [item] = get(alice, TIMELINE).json()["feed"]
    return item["post"].get("embed")


def test_pictures_are_shown(alice, view, seen):
    blob = alice.send("com.atproto.repo.uploadBlob", PNG, "image/png").json()["blob"]
    embed = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": "a dot"}]}
    shown = embedded(alice, view, seen, embed)
    assert shown["$type"] == "app.bsky.embed.images#view"
    assert (shown["images"][0]["alt"], blob["ref"]["$link"] in shown["images"][0]["thumb"]) == (
        "a dot",
        True,
    )


def test_links_are_shown(alice, view, seen):
    card = {"uri": "https://example.com", "title": "t", "description": "d"}
    shown = embedded(alice, view, seen, {"$type": "app.bsky.embed.external", "external": card})
    assert shown == {"$type": "app.bsky.embed.external#view", "external": card}


def test_a_quoted_post_is_asked_for(alice, view, seen):
    quoted = post_view(OTHER, "quoted")
    view.answers("app.bsky.feed.getPosts", answering({"posts": [quoted]}))
    ref = {"uri": quoted["uri"], "cid": CID}
    shown = embedded(alice, view, seen, {"$type": "app.bsky.embed.record", "record": ref})
    assert shown["record"]["$type"] == "app.bsky.embed.record#viewRecord"
    assert shown["record"]["value"]["text"] == "quoted"


@pytest.mark.parametrize("reply", [answering({"posts": []}), answering({}, "500 x"), raw(b"junk")])
def test_a_quoted_post_that_is_not_to_be_had_is_not_found(alice, view, seen, reply):
    view.answers("app.bsky.feed.getPosts", reply)
    ref = {"uri": f"at://{OTHER}/{POST}/k", "cid": CID}
    shown = embedded(alice, view, seen, {"$type": "app.bsky.embed.record", "record": ref})
    assert shown["record"]["$type"] == "app.bsky.embed.record#viewNotFound"


def test_a_quote_with_a_picture_is_both(alice, view, seen):
    generator = f"at://{OTHER}/app.bsky.feed.generator/k"
    shown_feed = {"uri": generator, "displayName": "Trains"}
    view.answers("app.bsky.feed.getFeedGenerator", answering({"view": shown_feed}))
    blob = alice.send("com.atproto.repo.uploadBlob", PNG, "image/png").json()["blob"]
    media = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": ""}]}
    record = {"$type": "app.bsky.embed.record", "record": {"uri": generator, "cid": CID}}
    embed = {"$type": "app.bsky.embed.recordWithMedia", "media": media, "record": record}
    shown = embedded(alice, view, seen, embed)
    assert shown["record"]["record"]["displayName"] == "Trains"
    assert shown["media"]["$type"] == "app.bsky.embed.images#view"


# --- threads


def thread_of(post: dict, *replies: dict) -> dict:
    kind = "app.bsky.feed.defs#threadViewPost"
    return {"$type": kind, "post": post, "replies": [{"$type": kind, "post": r} for r in replies]}


def test_an_own_reply_is_in_the_thread(alice, view, seen):
    root = post_view(OTHER, "root")
    say(alice, "reply", **reply_to(root["uri"]))
    lagging(view, THREAD, {"thread": thread_of(root)}, seen)
    [reply] = get(alice, THREAD, {"uri": root["uri"]}).json()["thread"]["replies"]
    assert reply["post"]["record"]["text"] == "reply"


def test_a_reply_to_a_reply_is_below_it(alice, view, seen):
    root = post_view(OTHER, "root")
    below = post_view(OTHER, "below", **reply_to(root["uri"]))
    first = say(alice, "one", **reply_to(root["uri"], below["uri"]))
    say(alice, "two", **reply_to(root["uri"], first["uri"]))
    lagging(view, THREAD, {"thread": thread_of(root, below)}, seen)
    thread = get(alice, THREAD, {"uri": root["uri"]}).json()["thread"]
    one = thread["replies"][0]["replies"][0]
    assert (one["post"]["record"]["text"], one["replies"][0]["post"]["record"]["text"]) == (
        "one",
        "two",
    )


def test_a_post_of_another_thread_is_not_in_this_one(alice, view, seen):
    say(alice, "elsewhere", **reply_to(f"at://{OTHER}/{POST}/another"))
    root = post_view(OTHER, "root")
    lagging(view, THREAD, {"thread": thread_of(root)}, seen)
    assert get(alice, THREAD, {"uri": root["uri"]}).json()["thread"]["replies"] == []


def test_an_own_post_that_the_app_view_lacks_is_a_thread(alice, view, seen):
    made = say(alice, "mine")
    say(alice, "answer to myself", **reply_to(made["uri"]))
    lagging(view, THREAD, {"error": "NotFound", "message": "no"}, seen, "400 No")
    for uri in (made["uri"], made["uri"].replace(alice.did, alice.handle)):
        answer = get(alice, THREAD, {"uri": uri})
        thread = answer.json()["thread"]
        assert (answer.status, thread["post"]["uri"]) == (200, made["uri"])
        assert thread["replies"][0]["post"]["record"]["text"] == "answer to myself"
    assert LAG in answer.headers


def test_it_hangs_under_its_parent(alice, view, seen):
    root = post_view(OTHER, "root")
    made = say(alice, "reply", **reply_to(root["uri"]))
    lost = answering({"error": "NotFound"}, "400 No", atproto_repo_rev=seen)
    view.answers(THREAD, lost, answering({"thread": thread_of(root)}))
    thread = get(alice, THREAD, {"uri": made["uri"]}).json()["thread"]
    assert thread["parent"]["post"]["uri"] == root["uri"]
    assert "depth=0" in view.last().target


@pytest.mark.parametrize("error", ["NotFound", "Blocked"])
def test_other_refusals_of_a_thread_pass(alice, view, seen, error):
    say(alice, "mine")
    lagging(view, THREAD, {"error": error, "message": "no"}, seen, "400 No")
    uri = f"at://{OTHER}/{POST}/k"
    assert get(alice, THREAD, {"uri": uri}).refusal == (400, error)


# --- records that nobody validated


def say_badly(person: Person, collection: str = POST, rkey: str | None = None, **fields) -> None:
    record = {"$type": collection, "text": "bad", "createdAt": OLD, **fields}
    named = {"collection": collection, "record": record, "validate": False}
    key = {"rkey": rkey} if rkey else {}
    made = person.call("com.atproto.repo.createRecord", repo=person.did, **named, **key)
    assert made.status_code == 200, made.content


BAD_POSTS = [
    {"text": 5},
    {"createdAt": "x"},
    {"embed": {"$type": "app.bsky.embed.images"}},
    {"embed": {"$type": "app.bsky.embed.images", "images": [{}]}},
    {"embed": {"$type": "app.bsky.embed.external"}},
    {"embed": {"$type": "app.bsky.embed.record"}},
    {"embed": {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": "x"}}}},
    {"reply": {"root": 5}},
]


@pytest.mark.parametrize("fields", BAD_POSTS)
def test_a_bad_post_hides_no_good_one(alice, view, seen, caplog, fields):
    say_badly(alice, **fields)
    say(alice, "good")
    lagging(view, TIMELINE, {"feed": []}, seen)
    lagging(view, AUTHOR_FEED, {"feed": []}, seen)
    assert texts(get(alice, TIMELINE)) == ["good"]
    asked = {"actor": alice.did, "filter": "posts_and_author_threads"}
    assert texts(get(alice, AUTHOR_FEED, asked)) == ["good"]
    assert not caplog.records


def test_a_bad_reply_is_not_in_the_thread(alice, view, seen):
    root = post_view(OTHER, "root")
    say_badly(alice, **{**reply_to(root["uri"]), "text": 5})
    say(alice, "good", **reply_to(root["uri"]))
    lagging(view, THREAD, {"thread": thread_of(root)}, seen)
    [reply] = get(alice, THREAD, {"uri": root["uri"]}).json()["thread"]["replies"]
    assert reply["post"]["record"]["text"] == "good"


@pytest.mark.parametrize(
    "fields", [{"displayName": 5}, {"avatar": "x"}, {"description": "d" * 9999}]
)
def test_a_bad_profile_changes_nothing(alice, view, seen, fields):
    say_badly(alice, "app.bsky.actor.profile", "self", **fields)
    say(alice, "good")
    stale = {"did": alice.did, "handle": alice.handle, "displayName": "stale"}
    lagging(view, PROFILE, stale, seen)
    lagging(view, TIMELINE, {"feed": []}, seen)
    assert get(alice, PROFILE, {"actor": alice.did}).json() == stale
    [item] = get(alice, TIMELINE).json()["feed"]
    assert item["post"]["author"] == {"did": alice.did, "handle": alice.handle}


MALFORMED = [
    {"posts": [{"uri": "at://x/y/z"}]},
    {"posts": [5, {"uri": 5}]},
    {"posts": 5},
    {"posts": {"a": "b"}},
]


@pytest.mark.parametrize("reply", MALFORMED)
def test_a_quote_that_the_app_view_shows_badly_is_not_found(alice, view, seen, reply):
    view.answers("app.bsky.feed.getPosts", answering(reply))
    ref = {"uri": f"at://{OTHER}/{POST}/k", "cid": CID}
    shown = embedded(alice, view, seen, {"$type": "app.bsky.embed.record", "record": ref})
    assert shown["record"]["$type"] == "app.bsky.embed.record#viewNotFound"


@pytest.mark.parametrize("reply", [{"view": 5}, {"view": {"uri": 5}}, {"view": []}])
def test_a_feed_that_the_app_view_shows_badly_is_not_found(alice, view, seen, reply):
    view.answers("app.bsky.feed.getFeedGenerator", answering(reply))
    ref = {"uri": f"at://{OTHER}/app.bsky.feed.generator/k", "cid": CID}
    shown = embedded(alice, view, seen, {"$type": "app.bsky.embed.record", "record": ref})
    assert shown["record"]["$type"] == "app.bsky.embed.record#viewNotFound"


def test_a_profile_shows_though_every_record_is_newer_than_what_was_seen(alice, view):
    seen = rev(alice)
    be_called(alice, "wrong")
    be_called(alice, "right")
    lagging(view, PROFILE, {"did": alice.did, "handle": alice.handle}, seen)
    answer = get(alice, PROFILE, {"actor": alice.did})
    assert (answer.json()["displayName"], LAG in answer.headers) == ("right", True)


# --- when there is nothing to merge, or it cannot be done


@pytest.mark.parametrize("header", ["", "not a rev", "zzzzzzzzzzzzz"])
def test_an_app_view_that_is_not_behind_is_left_alone(alice, view, seen, header):
    be_called(alice, "fresh")
    lagging(view, PROFILE, {"did": alice.did, "displayName": "stale"}, header)
    answer = get(alice, PROFILE, {"actor": alice.did})
    assert (answer.json()["displayName"], LAG in answer.headers) == ("stale", False)


def test_an_app_view_that_has_seen_the_newest_is_left_alone(alice, view, seen):
    be_called(alice, "fresh")
    lagging(view, PROFILE, {"did": alice.did, "displayName": "stale"}, rev(alice))
    assert get(alice, PROFILE, {"actor": alice.did}).json()["displayName"] == "stale"


def test_a_rev_from_before_the_repo_had_any_record_is_another_lifes(alice, view, seen):
    be_called(alice, "fresh")
    lagging(view, PROFILE, {"did": alice.did, "displayName": "stale"}, "2222222222222")
    assert get(alice, PROFILE, {"actor": alice.did}).json()["displayName"] == "stale"


@pytest.mark.parametrize(
    "body",
    [b"{garbage", b"[]", b"null", b'{"feed":5}', b'{"feed":[{}]}', b'{"feed":[{"post":[]}]}'],
)
def test_what_cannot_be_merged_stays_as_it_is(alice, view, seen, body):
    say(alice, "mine")
    view.answers(TIMELINE, answering(body, atproto_repo_rev=seen))
    answer = get(alice, TIMELINE)
    assert (answer.status, answer.body) == (200, body)


def test_what_is_no_json_stays_as_it_is(alice, view, seen):
    say(alice, "mine")
    view.answers(TIMELINE, answering(b"text", atproto_repo_rev=seen, content_type="text/plain"))
    assert get(alice, TIMELINE).body == b"text"


def test_a_coded_answer_is_read_merged_and_coded_again(alice, view, seen):
    say(alice, "mine")
    body = gzip.compress(orjson.dumps({"feed": [{"post": post_view(OTHER, "x" * 3000)}]}))
    view.answers(TIMELINE, answering(body, atproto_repo_rev=seen, content_encoding="gzip"))
    answer = get(alice, TIMELINE, HTTP_ACCEPT_ENCODING="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    merged = orjson.loads(gzip.decompress(answer.body))
    assert merged["feed"][0]["post"]["record"]["text"] == "mine"
    assert view.last().headers["accept-encoding"] == "gzip;q=1.0,identity;q=0.1"


def test_a_bomb_is_handed_on_unopened(alice, view, seen):
    say(alice, "mine")
    bomb = gzip.compress(b" " * 30_000_000)
    view.answers(TIMELINE, answering(bomb, atproto_repo_rev=seen, content_encoding="gzip"))
    assert get(alice, TIMELINE, HTTP_ACCEPT_ENCODING="gzip").body == bomb


@pytest.mark.parametrize(
    ("accepted", "refusal"),
    [("gzip;q=9", (400, "InvalidRequest")), ("identity;q=0", (406, "NotAcceptable"))],
)
def test_a_coding_that_cannot_be_is_refused(alice, view, accepted, refusal):
    assert get(alice, TIMELINE, HTTP_ACCEPT_ENCODING=accepted).refusal == refusal
    assert view.seen == []


def test_another_app_view_is_believed(alice, labeler, seen):
    be_called(alice, "fresh")
    lagging(labeler, PROFILE, {"did": alice.did, "displayName": "stale"}, seen)
    named = {"HTTP_ATPROTO_PROXY": f"{labeler.did}#atproto_labeler"}
    answer = get(alice, PROFILE, {"actor": alice.did}, **named)
    assert answer.json()["displayName"] == "stale"


def test_a_refusal_of_the_app_view_passes(alice, view, seen):
    lagging(view, PROFILE, {"error": "Gone", "message": "m"}, seen, "400 No")
    assert get(alice, PROFILE, {"actor": alice.did}).refusal == (400, "Gone")


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63"
    "6460f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
