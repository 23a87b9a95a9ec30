"""A partner's inputs as options of a command, and the words of the options as values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import click

from budgetinator.errors import InvalidNumber

if TYPE_CHECKING:
    from budgetinator.budgets.layout import InputCell
    from budgetinator.budgets.numbers import Locale

__all__ = ["LOCALE", "input_options", "parsed_inputs"]

LOCALE = click.option(
    "--locale",
    type=click.Choice(["de", "en"]),
    help="Read numbers as German or English ones; without it, what has two readings is refused.",
)
_TEXTS = {"pic": "Nine digits.", "country": "Country.", "role": "Role in the project."}
_AMOUNTS = {
    "rate": "EUR per person-month.",
    "funding_rate": "A fraction: 0.7 or 70%.",
    "travel": "EUR for travel.",
    "equipment": "EUR for equipment.",
    "other_goods": "EUR for other goods, works and services.",
    "third_parties": "EUR of financial support to third parties.",
    "internal_goods": "EUR for internally invoiced goods and services.",
    "requested": "EUR requested, in place of the maximum.",
    "income": "EUR of income from the action.",
    "contributions": "EUR of financial contributions.",
    "in_kind": "EUR in kind.",
    "own_resources": "EUR of own resources.",
}
_PLACED = {
    "months": ("WP=NUMBER", "Person-months in a work package, as in 3=12.5; may be repeated."),
    "subcontract": ("N=AMOUNT", "EUR of subcontract 1 or 2."),
    "subcontract_name": ("N=NAME", "Who gets subcontract 1 or 2."),
    "subcontract_reason": ("N=TEXT", "Why subcontract 1 or 2 is needed."),
}
_PARTS = {
    "months": ("person_months", None),
    "subcontract": ("subcontracts", "amount"),
    "subcontract_name": ("subcontracts", "name"),
    "subcontract_reason": ("subcontracts", "explanation"),
}


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of all inputs but number and acronym; empty words empty a cell."""
    options = [
        *(_option(name, "TEXT", text) for name, text in _TEXTS.items()),
        *(_option(name, "NUMBER", text) for name, text in _AMOUNTS.items()),
        *(_option(name, sign, text, several=True) for name, (sign, text) in _PLACED.items()),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def parsed_inputs(
    words: dict[str, Any], locale: Locale | None
) -> dict[InputCell, Decimal | str | None]:
    """The inputs that were given; UsageError for words that are no value of them."""
    from budgetinator.budgets.layout import input_cell

    found: dict[InputCell, Decimal | str | None] = {}
    for name, given in words.items():
        if name in _PLACED:
            for place, word in _placed(name, given):
                field, part = _PARTS[name]
                try:
                    cell = input_cell(field, place - 1, part)
                except KeyError:
                    raise click.UsageError(
                        f"{_flag(name)} {place}: there is no such place"
                    ) from None
                found[cell] = _value(name, word, locale, is_text=cell.kind == "text")
        elif given is not None:
            is_text = name not in _AMOUNTS
            found[input_cell(name)] = _value(name, given, locale, is_text=is_text)
    return found


def _option(name: str, sign: str, text: str, *, several: bool = False) -> Callable[..., Any]:
    flag = _flag(name)
    return cast(
        "Callable[..., Any]",
        click.option(flag, name, metavar=sign, help=text, multiple=several),
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _placed(name: str, words: Iterable[str]) -> Iterable[tuple[int, str]]:
    for word in words:
        place, sign, value = word.partition("=")
        if not sign or not re.fullmatch("[0-9]{1,2}", place.strip(), re.ASCII):
            raise click.UsageError(f"{_flag(name)} {word}: give a number and a value, as in 1=5000")
        yield int(place), value


def _value(name: str, word: str, locale: Locale | None, *, is_text: bool) -> Decimal | str | None:
    from budgetinator.budgets.numbers import parse_number

    if is_text:
        return word.strip() or None
    is_percent = name == "funding_rate" and word.strip().endswith("%")
    try:
        number = parse_number(word.strip().removesuffix("%") if is_percent else word, locale)
    except InvalidNumber as error:
        hint = " Or name the language: --locale de or en." if error.readings else ""
        raise click.UsageError(f"{_flag(name)}: {error}{hint}") from error
    if is_percent and number is not None:
        number /= 100
    if name == "funding_rate" and number is not None and not 0 <= number <= 1:
        raise click.UsageError(f"{_flag(name)}: {word} is no fraction; give 0.7 or 70%")
    return number
