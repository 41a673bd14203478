"""Profiles in the app view's answers, brought up to date. Source: app.bsky.actor.getProfile(s)."""

from xrpc.read_after_write.merging import Lacking, Value


def one(value: Value, lacking: Lacking) -> Value:
    """app.bsky.actor.getProfile: the answer is the profile."""
    profile = lacking.records.profile
    if profile is None or value["did"] != lacking.author.did:
        return value
    return lacking.author.with_details(value, profile.value)


def several(value: Value, lacking: Lacking) -> Value:
    """app.bsky.actor.getProfiles."""
    return {**value, "profiles": [one(profile, lacking) for profile in value["profiles"]]}
