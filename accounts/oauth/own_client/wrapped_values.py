"""Wrapped values: what a sign-in elsewhere needs again, in a cookie that only its host can read."""

import base64
import time
from collections.abc import Mapping
from typing import Any

import orjson

from accounts.oauth.own_client.refusals import SignInLost
from hosting.models import Host
from server.encryption import keyring


def wrap(host: Host, kind: str, value: Mapping[str, Any], lasts_s: int) -> str:
    """A cookie's value, of one kind and one host; `until` (unix seconds) is in it when it comes
    back."""
    whole = {**value, "host": host.pk, "kind": kind, "until": int(time.time()) + lasts_s}
    return base64.urlsafe_b64encode(keyring.wrap(orjson.dumps(whole))).decode()


def unwrap(host: Host, kind: str, text: str) -> dict[str, Any]:
    """What `wrap` was given. Raises SignInLost for what is none, another kind's, another host's, or
    too old."""
    try:
        plain = keyring.unwrap(base64.urlsafe_b64decode(text.encode(errors="replace")))
        value: dict[str, Any] = orjson.loads(plain)  # noqa: TID251 - our own text
    except (keyring.KeyringError, ValueError):
        raise SignInLost from None
    if value["host"] != host.pk or value["kind"] != kind or value["until"] < time.time():
        raise SignInLost
    return value
