"""What is marked is translated and compiled, and says as much as the English does."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import to_locale

from tests.house.packages import PACKAGES, ROOT, modules

LOCALE = ROOT / "locale"
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.*)"$', re.MULTILINE)
PLURAL = re.compile(r'^msgid_plural "(.+)"\n((?:msgstr\[\d\] ".+"\n?)+)', re.MULTILINE)
FORM = re.compile(r'^msgstr\[\d\] "(.+)"$', re.MULTILINE)
WRITTEN = re.compile(r'^msgid "(.+)"$', re.MULTILINE)
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
TAG = re.compile(r'{% translate "(.*?)"')
BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.*?){% (?:plural|endblocktranslate) %}", re.DOTALL)
VALUE = re.compile(r"{{ (\w+) }}")
PLACEHOLDER = re.compile(r"%\(\w+\)s|%[sd]")


def marked_in_code() -> Iterator[str]:
    for file in (file for package in PACKAGES for file in modules(package)):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS:
                yield ast.literal_eval(node.args[0])


def marked_in_templates() -> Iterator[str]:
    for file in (ROOT / "templates").rglob("*.*"):
        template = file.read_text()
        yield from TAG.findall(template)
        yield from (VALUE.sub(r"%(\1)s", block) for block in BLOCK.findall(template))


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda file: file.parts[-3])
def test_every_text_of_ours_is_translated(catalogue: Path) -> None:
    marked = {*marked_in_code(), *marked_in_templates()}
    assert len(marked) > 200
    written = {each.replace('\\"', '"') for each in WRITTEN.findall(catalogue.read_text())}
    assert sorted(marked - written) == []


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda file: file.parts[-3])
def test_the_compiled_catalogue_is_the_written_one(catalogue: Path) -> None:
    with catalogue.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    entries = ENTRY.findall(catalogue.read_text())
    assert len(entries) > 50
    assert {english: compiled.gettext(english) for english, _ in entries} == dict(entries)


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda file: file.parts[-3])
def test_no_translation_loses_a_value(catalogue: Path) -> None:
    for english, translated in ENTRY.findall(catalogue.read_text()):
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(translated))
        assert translated


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda file: file.parts[-3])
def test_every_plural_has_the_forms_of_its_language(catalogue: Path) -> None:
    """The last form is that of large numbers, which names the number."""
    text = catalogue.read_text()
    form_count = int(text.partition("nplurals=")[2].partition(";")[0])
    plurals = [(english, FORM.findall(forms)) for english, forms in PLURAL.findall(text)]
    assert {len(forms) for _, forms in plurals} == {form_count}
    for english, forms in plurals:
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(forms[-1]))


@pytest.mark.parametrize("code", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_every_language_has_its_catalogue(code: str) -> None:
    assert LOCALE / to_locale(code) / "LC_MESSAGES" / "django.po" in CATALOGUES
