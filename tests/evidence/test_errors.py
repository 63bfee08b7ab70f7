"""Tests of the base of every refusal, and of all refusals there are."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.utils import translation

from evidence.errors import Refusal

for app in ("accounts", "agreements", "assent"):
    import_module(f"{app}.errors")


def below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from below(narrower)


class NoSuchPlanet(Refusal):
    """A refusal of these tests."""

    status = 404
    message = "%(name)s is not a planet, not at %(share)s%%"


def test_str_fills_the_values_in() -> None:
    assert str(NoSuchPlanet(name="Pluto", share=100)) == "Pluto is not a planet, not at 100%"


def test_str_does_not_interpret_the_values() -> None:
    assert str(NoSuchPlanet(name="%(share)s%d", share=1)) == "%(share)s%d is not a planet, not at 1%"


def test_a_refusal_has_a_status_and_a_message_of_its_own() -> None:
    refusal = Refusal()
    with translation.override("zh-hans"):
        assert (refusal.status, str(refusal)) == (400, "这个请求不能照办，没有作任何记录。")


@pytest.mark.parametrize("kind", sorted(below(Refusal), key=lambda kind: kind.__qualname__), ids=lambda k: k.__name__)
def test_every_refusal_is_a_client_error_that_says_why(kind: type[Refusal]) -> None:
    assert kind.status in (400, 403, 404, 409, 410, 413, 422)
    assert kind.__doc__
