"""Numbers as people type them, in German and in English, and nothing guessed.

A separator that fits only one reading is read that way: `12,5` is twelve and a half in
either language, and never 125. One that fits two is settled by the locale where groups
of thousands are meant, as `1.234` in German. Three digits behind what the locale takes
for the decimal sign (`1,234` in German) are refused: amounts are rarely typed with
thousandths, and often copied from the other language. Without a locale everything that
fits two readings is refused. Empty text is None, which is no zero.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from budgetinator.errors import InvalidNumber

__all__ = ["Locale", "format_number", "parse_number"]

Locale = Literal["de", "en"]

_CURRENCY = re.compile(r"^(?:€|EUR)\s*|\s*(?:€|EUR)$", re.IGNORECASE)
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-"})
# Between groups of thousands people put blanks of all widths, and Swiss people apostrophes.
_BLANKS = " \u00a0\u2009\u202f'\u2019"
_PLAIN = re.compile(r"[+-]?[0-9]+", re.ASCII)
_SIGNS: dict[Locale, tuple[str, str]] = {"de": (",", "."), "en": (".", ",")}
_NAMES: dict[Locale, str] = {"de": "German", "en": "English"}


def parse_number(text: str, locale: Locale | None = None) -> Decimal | None:
    """The number that the text means, None for text without any; exact, as it was typed.

    Blanks around it, a euro sign or EUR, and blanks between groups of thousands are
    understood. Raises InvalidNumber for what is no number (`nan` and `inf` among it), and
    for what could be two, with both readings.
    """
    bare = _CURRENCY.sub("", text.strip().translate(_MINUS)).strip()
    if not bare:
        if text.strip():
            raise _no_number(text)
        return None
    readings = {name: _read(bare, *_SIGNS[name]) for name in _SIGNS}
    found = {name: number for name, number in readings.items() if number is not None}
    if not found:
        raise _no_number(text)
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    if locale is None or _groups_elsewhere(bare, locale):
        raise _two_numbers(text, found)
    return found[locale]


def format_number(number: Decimal, locale: Locale, places: int | None = None) -> str:
    """The number as people of that locale write it, rounded half-even to so many places.

    Without `places` it has as many as the number. German groups end with a dot, English
    ones with a comma.
    """
    decimal, group = _SIGNS[locale]
    shown = f"{number:,.{places}f}" if places is not None else f"{number:,f}"
    return shown.translate(str.maketrans(",.", group + decimal))


def _read(bare: str, decimal: str, group: str) -> Decimal | None:
    """The number, if that is the decimal sign and this parts the groups."""
    if _PLAIN.fullmatch(bare):
        return Decimal(bare)
    whole, _, fraction = bare.partition(decimal)
    for separator in (group, *_BLANKS):
        groups = rf"[+-]?[0-9]{{1,3}}(?:{re.escape(separator)}[0-9]{{3}})+"
        if re.fullmatch(groups, whole, re.ASCII) and not whole.lstrip("+-").startswith("0"):
            whole = whole.replace(separator, "")
            break
    if not re.fullmatch(r"[+-]?[0-9]*", whole, re.ASCII):
        return None
    if decimal in bare and not re.fullmatch("[0-9]+", fraction, re.ASCII):
        return None
    if not any(sign.isdigit() for sign in whole + fraction):
        return None
    return Decimal(f"{whole}.{fraction}") if fraction else Decimal(whole)


def _groups_elsewhere(bare: str, locale: Locale) -> bool:
    """Whether it is a fraction of three digits here and a group of thousands elsewhere."""
    decimal, _ = _SIGNS[locale]
    _, sign, fraction = bare.partition(decimal)
    return bool(sign) and len(fraction) == 3


def _no_number(text: str) -> InvalidNumber:
    return InvalidNumber(
        f"{text!r} is no number; type digits, as in 1234,50 or 1234.50, or leave it empty for "
        "what is not determined yet.",
        text=text,
    )


def _two_numbers(text: str, found: dict[Locale, Decimal]) -> InvalidNumber:
    readings = tuple(str(number) for number in found.values())
    said = " or ".join(f"{number} ({_NAMES[name]})" for name, number in found.items())
    return InvalidNumber(
        f"{text!r} could be {said}; type it without a separator for thousands, with two "
        "decimals or none.",
        text=text,
        readings=readings,
    )
