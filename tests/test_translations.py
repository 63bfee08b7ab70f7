"""Every string of the interface has an English translation, and what is compiled is what is written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
APPS = ("portal", "desk", "assent", "agreements", "accounts", "evidence")
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
FUNCTIONS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
IN_TEMPLATE = re.compile(r"""\b(?:n?gettext|_)\((u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")""", re.DOTALL)
PLACES = re.compile(r"%\((\w+)\)[sd]")


def messages_of_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in FUNCTIONS and node.args:
            message = node.args[1 if node.func.id.startswith("pgettext") else 0]
            if isinstance(message, ast.Constant) and isinstance(message.value, str):
                yield message.value


def messages_of_template(source: str) -> Iterator[str]:
    for literal in IN_TEMPLATE.findall(templatize(source)):
        yield ast.literal_eval(literal)


def used_messages() -> set[str]:
    found: set[str] = set()
    for app in APPS:
        for file in (ROOT / app).rglob("*.py"):
            if "migrations" not in file.parts:
                found.update(messages_of_python(file.read_text(encoding="utf-8")))
    for file in (ROOT / "templates").rglob("*.html"):
        found.update(messages_of_template(file.read_text(encoding="utf-8")))
    return found


def test_messages_are_found_in_python_and_in_templates() -> None:
    assert set(messages_of_python('a = _("甲") + gettext_lazy("乙")')) == {"甲", "乙"}
    template = (
        '{% load i18n %}{% translate "甲" %}{% blocktranslate trimmed with n=x %}共 {{ n }} 条{% endblocktranslate %}'
    )
    assert set(messages_of_template(template)) == {"甲", "共 %(n)s 条"}


def test_every_message_is_translated_into_english() -> None:
    translated = {entry.msgid for entry in polib.pofile(str(CATALOGUE)).translated_entries()}
    assert used_messages() - translated == set()


def test_the_catalogue_holds_nothing_that_is_no_longer_used() -> None:
    written = {entry.msgid for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}
    assert written - used_messages() == set()


def test_translations_fill_the_same_places() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        for translation in entry.msgstr_plural.values() or [entry.msgstr]:
            assert set(PLACES.findall(translation)) == set(PLACES.findall(entry.msgid)), entry.msgid


def test_the_compiled_catalogue_is_what_is_written() -> None:
    written = {e.msgid: (e.msgstr, e.msgstr_plural) for e in polib.pofile(str(CATALOGUE)).translated_entries()}
    compiled = {e.msgid: (e.msgstr, e.msgstr_plural) for e in polib.mofile(str(CATALOGUE.with_suffix(".mo")))}
    assert compiled == written
