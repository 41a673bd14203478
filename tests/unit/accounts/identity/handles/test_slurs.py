import pytest

from accounts.identity.handles.slurs import has_slur


@pytest.mark.parametrize(
    "text", ["n1gger", "xNiggaX", "n-i-g-g-e-r", "a.faggot.b", "FAG", "kike", "c0ons", "tr4nny"]
)
def test_a_slur_is_seen_whatever_its_letters_look_like(text: str) -> None:
    assert has_slur(text)


@pytest.mark.parametrize(
    "text",
    [
        "raccoon",
        "cocoon",
        "snigger",
        "niggardly",
        "chinkapin",
        "fagus",
        "com.example.thing",
        "self",
    ],
)
def test_harmless_words_pass(text: str) -> None:
    assert not has_slur(text)
