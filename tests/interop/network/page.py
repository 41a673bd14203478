"""One page of what two people see, drawn from what the app view answers: for docs/network.png.

.venv/bin/python -m tests.interop.network.page http://localhost:2583 page.html
chromium --headless --screenshot=docs/network.png --window-size=1000,900 page.html
"""

import sys
from html import escape
from pathlib import Path
from typing import Any

from tests.interop.network.client import call

STYLE = """
body { margin: 0; padding: 20px; font: 15px/1.4 system-ui, sans-serif; background: #eef2ee;
  color: #222; display: grid; grid-template-columns: 1.2fr 1fr; gap: 20px; align-items: start }
section { background: #fff; border-radius: 10px; padding: 6px 18px 14px }
h2 { font-size: 17px } h2 small, .handle { color: #667; font-weight: normal }
article { border-top: 1px solid #dde4dd; padding: 10px 0; display: grid;
  grid-template-columns: 44px 1fr; gap: 10px }
img.avatar { width: 44px; height: 44px; border-radius: 50% } p { margin: 2px 0 6px }
img.picture { width: 100%; border-radius: 8px } .count { color: #556; font-size: 13px }
.label { background: #ffe8b3; border-radius: 4px; padding: 1px 6px; font-size: 12px }
"""
WORDS = {
    "like": "liked your post",
    "follow": "followed you",
    "reply": "answered you",
    "repost": "reposted you",
}


def signed_in(host: str, handle: str) -> str:
    body = {"identifier": handle, "password": "a long password"}
    return f"Bearer {call(host, 'com.atproto.server.createSession', body)['accessJwt']}"


def name_of(author: dict[str, Any]) -> str:
    shown = escape(author.get("displayName") or author["handle"])
    return f'<b>{shown}</b> <span class="handle">@{escape(author["handle"])}</span>'


def avatar_of(author: dict[str, Any]) -> str:
    return f'<img class="avatar" src="{escape(author.get("avatar", ""))}" alt="">'


def post(shown: dict[str, Any]) -> str:
    labels = "".join(
        f' <span class="label">{escape(each["val"])}</span>' for each in shown["labels"]
    )
    images = "".join(
        f'<img class="picture" src="{escape(each["thumb"])}" alt="">'
        for each in shown.get("embed", {}).get("images", [])
    )
    counts = " · ".join(
        f"{name} {shown[key]}"
        for name, key in (("replies", "replyCount"), ("likes", "likeCount"))
        if shown[key]
    )
    return article(
        shown["author"],
        f"{name_of(shown['author'])}{labels}<p>{escape(shown['record']['text'])}</p>{images}"
        f"<div class='count'>{counts}</div>",
    )


def notice(each: dict[str, Any]) -> str:
    said = escape(each["record"].get("text", "")) if each["reason"] == "reply" else ""
    word = WORDS.get(each["reason"], each["reason"])
    return article(each["author"], f"{name_of(each['author'])} {word}<p>{said}</p>")


def article(author: dict[str, Any], inside: str) -> str:
    return f"<article>{avatar_of(author)}<div>{inside}</div></article>"


def page(ash: str, first: str, second: str) -> str:
    """The first one's timeline at *ash*, the second one's notifications at *birch*."""
    birch = ash.replace("://", "://birch.")
    feed = call(ash, "app.bsky.feed.getTimeline", auth=signed_in(ash, first))["feed"]
    posts = [each["post"] for each in feed if "reason" not in each]  # no reposts
    listed = call(birch, "app.bsky.notification.listNotifications", auth=signed_in(birch, second))[
        "notifications"
    ]
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><section>"
        f"<h2>Timeline of @{first} <small>at ash</small></h2>{''.join(map(post, posts))}</section>"
        f"<section><h2>Notifications of @{second} <small>at birch</small></h2>"
        f"{''.join(map(notice, listed))}</section>"
    )


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(page(sys.argv[1], "anna.test", "clara.birch.test"))
