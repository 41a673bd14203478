"""What two grants allow both."""

import pytest

from protocol.oauth import scopes
from protocol.oauth.intersection import intersection

GENERIC, CHAT = "transition:generic", "transition:chat.bsky"
VIEW, TALK = "did:web:view.example.com%23bsky_appview", "did:web:chat.example.com%23bsky_chat"
TIMELINE, MESSAGES = "app.bsky.feed.getTimeline", "chat.bsky.convo.getMessages"


def both(some: str, others: str) -> str:
    found = intersection(scopes.parse_all(some), scopes.parse_all(others))
    assert found == intersection(scopes.parse_all(others), scopes.parse_all(some))
    return scopes.join(found)


@pytest.mark.parametrize(
    ("some", "others", "expected"),
    [
        ("atproto", "atproto repo:*", "atproto"),
        ("repo:*", "repo:app.bsky.feed.post", "repo:app.bsky.feed.post"),
        (
            "repo:a.b.c?action=create",
            "repo:*?action=create&action=delete",
            "repo:a.b.c?action=create",
        ),
        ("repo:a.b.c?action=create", "repo:a.b.c?action=delete", ""),
        ("repo:a.b.c", "repo:a.b.d", ""),
        ("blob:image/*", "blob:*/*", "blob:image/*"),
        ("blob:image/png blob:text/plain", "blob:image/*", "blob:image/png"),
        ("account:email?action=manage", "account:email", "account:email"),
        ("account:email", "account:status", ""),
        ("identity:*", "identity:handle", "identity:handle"),
        ("identity:handle", "repo:*", ""),
        ("transition:email", "account:email", "account:email"),
        ("include:a.b.c", "include:a.b.c", ""),
    ],
)
def test_resources_have_their_common_part(some, others, expected):
    assert both(some, others) == expected


@pytest.mark.parametrize(
    ("some", "others", "expected"),
    [
        (GENERIC, "repo:* blob:*/*", "blob:*/* repo:*"),
        (GENERIC, "account:email identity:handle", ""),
        (GENERIC, CHAT, ""),
        (GENERIC, f"rpc:*?aud={VIEW}", f"rpc:*?aud={VIEW}"),
        (GENERIC, f"rpc:*?aud={TALK}", ""),
        (CHAT, f"rpc:*?aud={TALK}", f"rpc:*?aud={TALK}"),
        (f"{GENERIC} {CHAT}", f"rpc:*?aud={TALK}", f"rpc:*?aud={TALK}"),
        (GENERIC, f"rpc?lxm={TIMELINE}&lxm={MESSAGES}&aud=*", f"rpc:{TIMELINE}?aud=*"),
        (CHAT, f"rpc?lxm={TIMELINE}&lxm={MESSAGES}&aud=*", f"rpc:{MESSAGES}?aud=*"),
        (f"rpc:*?aud={VIEW}", f"rpc:{TIMELINE}?aud=*", f"rpc:{TIMELINE}?aud={VIEW}"),
        (f"rpc:*?aud={VIEW}", f"rpc:*?aud={TALK}", ""),
    ],
)
def test_calls_keep_private_messages_apart(some, others, expected):
    assert both(some, others) == expected
