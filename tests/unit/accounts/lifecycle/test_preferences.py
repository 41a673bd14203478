"""Preferences: one list an account, replaced as a whole; the birth date apart."""

from datetime import UTC, datetime

import pytest

from accounts.lifecycle import deletion, preferences
from accounts.lifecycle.preferences import ForeignPreference, PreferenceNotAllowed
from accounts.models import Preference
from protocol.errors import InvalidRequest
from tests.factories import account_row

DEFS = "app.bsky.actor.defs#"
ADULT = {"$type": f"{DEFS}adultContentPref", "enabled": True}
BIRTH = {"$type": f"{DEFS}personalDetailsPref", "birthDate": "1980-05-17T00:00:00.000Z"}
AGE = f"{DEFS}declaredAgePref"


def label(name: str) -> dict:
    return {"$type": f"{DEFS}contentLabelPref", "label": name, "visibility": "warn"}


def born(years_ago: int) -> dict:
    today = datetime.now(UTC)
    day = min(today.day, 28) if today.month == 2 else today.day  # few years have a 29th of February
    return {**BIRTH, "birthDate": f"{today.year - years_ago}-{today:%m}-{day:02}T00:00:00.000Z"}


def test_there_are_none_at_first(alice):
    assert preferences.of_account(alice) == []


def test_a_list_comes_back_as_it_went_in(alice):
    items = [ADULT, label("b"), label("a"), {"$type": "app.bsky.x#y", "z": [1, {"é": None}]}]
    preferences.replace(alice, items)
    assert preferences.of_account(alice) == items


def test_a_new_list_takes_the_place_of_the_old_one(alice):
    preferences.replace(alice, [ADULT, label("a")])
    preferences.replace(alice, [label("b")])
    assert preferences.of_account(alice) == [label("b")]


def test_lists_are_of_one_account(alice, ash):
    preferences.replace(alice, [ADULT])
    assert preferences.of_account(account_row(ash, "bobby")) == []


@pytest.mark.parametrize(
    "item", [{"enabled": True}, {"$type": ""}, {"$type": 5}, {"$type": "com.example.pref"},
             {"$type": "app.bskyish.x"}, {"$type": "app.bsky"}, {"$type": "app.bsky.x\0"}]
)  # fmt: skip
def test_what_is_no_preference_is_refused_and_changes_nothing(alice, item):
    preferences.replace(alice, [ADULT])
    with pytest.raises(ForeignPreference):
        preferences.replace(alice, [label("a"), item])
    assert preferences.of_account(alice) == [ADULT]


def test_a_flood_of_preferences_is_refused(alice):
    with pytest.raises(InvalidRequest):
        preferences.replace(alice, [ADULT] * 1001)


def test_an_app_does_not_see_the_birth_date(alice):
    preferences.replace(alice, [BIRTH, ADULT])
    kinds = [item["$type"] for item in preferences.open_to_apps(alice)]
    assert kinds == [ADULT["$type"], AGE]


def test_an_app_cannot_set_the_birth_date(alice):
    with pytest.raises(PreferenceNotAllowed):
        preferences.replace_for_app(alice, [ADULT, BIRTH])


def test_an_app_cannot_erase_the_birth_date(alice):
    preferences.replace(alice, [BIRTH, ADULT])
    preferences.replace_for_app(alice, [label("a")])
    assert preferences.of_account(alice)[:2] == [BIRTH, label("a")]


def test_the_main_password_can_erase_the_birth_date(alice):
    preferences.replace(alice, [BIRTH])
    preferences.replace(alice, [])
    assert preferences.of_account(alice) == []


@pytest.mark.parametrize(
    ("age", "over"), [(12, []), (13, [13]), (15, [13]), (16, [13, 16]), (18, [13, 16, 18])]
)
def test_the_age_is_computed_on_the_birthday(alice, age, over):
    preferences.replace(alice, [born(age)])
    declared = preferences.of_account(alice)[-1]
    assert declared == {"$type": AGE, **{f"isOverAge{n}": n in over for n in (13, 16, 18)}}


def test_the_age_cannot_be_set(alice):
    preferences.replace(alice, [{"$type": AGE, "isOverAge18": True}, ADULT])
    assert preferences.of_account(alice) == [ADULT]


@pytest.mark.parametrize("date", ["", "soon", 5, "0000-00-00T00:00:00Z"])
def test_a_birth_date_that_is_none_gives_no_age(alice, date):
    preferences.replace(alice, [{**BIRTH, "birthDate": date}])
    assert len(preferences.of_account(alice)) == 1


def test_kept_items_are_counted(alice):
    preferences.replace(alice, [BIRTH, ADULT])
    assert preferences.count(alice) == 2


def test_they_go_with_the_account(alice):
    preferences.replace(alice, [ADULT])
    deletion.delete(alice)
    assert not Preference.objects.exists()
