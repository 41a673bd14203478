"""Own replies in threads: under their parents, once, and in no other thread."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.xrpc.read_after_write.posts import AUTHOR, ME, POST, reply_to, shown, written
from xrpc.read_after_write import threads

VIEW = "app.bsky.feed.defs#threadViewPost"


def tree(view: dict) -> dict:
    """A thread as keys within keys."""
    replies = view.get("replies", ())
    inner = [tree(reply) for reply in replies]
    return {view["post"]["record"]["text"]: inner}


def mine(key: str, root: str, parent: str) -> dict:
    return AUTHOR.post(written(key, **reply_to(root, parent)), None)


def uri(key: str) -> str:
    return f"at://{ME}/{POST}/{key}"


def size(view: dict) -> int:
    return 1 + sum(size(reply) for reply in view.get("replies", ()))


def test_replies_go_under_their_parents():
    root = shown("root", 0)
    posts = [mine("a", root["uri"], root["uri"]), mine("b", root["uri"], uri("a"))]
    merged = threads.with_replies({"$type": VIEW, "post": root}, posts)
    assert tree(merged) == {"root": [{"a": [{"b": []}]}]}


def test_a_reply_whose_parent_is_not_shown_is_left_out():
    root = shown("root", 0)
    merged = threads.with_replies(
        {"$type": VIEW, "post": root}, [mine("b", root["uri"], uri("hidden"))]
    )
    assert tree(merged) == {"root": []}


def test_a_thread_seen_from_its_middle_gets_replies_too():
    middle = shown("middle", 0, **reply_to("at://root"))
    posts = [mine("a", "at://root", middle["uri"]), mine("x", "at://another", middle["uri"])]
    merged = threads.with_replies({"$type": VIEW, "post": middle}, posts)
    assert tree(merged) == {"middle": [{"a": []}]}


def test_a_reply_that_is_shown_already_is_not_shown_twice():
    root = shown("root", 0)
    reply = mine("a", root["uri"], root["uri"])
    known = {"$type": VIEW, "post": root, "replies": [{"$type": VIEW, "post": reply}]}
    assert threads.with_replies(known, [reply]) == known


def test_what_is_no_post_in_a_thread_is_stepped_over():
    root = shown("root", 0)
    blocked = {"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://x", "blocked": True}
    view = {"$type": VIEW, "post": root, "replies": [blocked]}
    merged = threads.with_replies(view, [mine("a", root["uri"], root["uri"])])
    assert merged["replies"][1] == blocked


@given(st.lists(st.integers(0, 9), max_size=8))
def test_a_chain_of_own_replies_is_whole_whatever_hangs_where(parents):
    """Post n answers an earlier one, or the root; all of them are found again."""
    root = shown("root", 0)
    posts = []
    for number, choice in enumerate(parents):
        parent = root["uri"] if choice >= number else uri(f"p{choice}")
        posts.append(mine(f"p{number}", root["uri"], parent))
    assert size(threads.with_replies({"$type": VIEW, "post": root}, posts)) == len(parents) + 1
