"""A number format code of a cell as a function that writes numbers, days and times so.

ECMA-376 part 1, sections 18.8.30 and 18.8.31: sections for positive, negative, zero and
text, digits with groups and scaling, per cents, exponents, fractions, days and times,
elapsed hours, literals, conditions and the colour red. Month and day names are English,
and widths (`_x`, `*x`) are not laid out. What a code asks beyond that is shown as General.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from budgetinator.budgets.numbers import Locale
from gui.cells.dateformats import DateFormat, is_date_code

__all__ = ["NumberFormat", "general", "grouped", "number_format"]

_SECTION_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<width>.)|\*(?P<fill>.)'
    r"|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|\[(?P<bracket>[^\]]*)\]"
    r"|(?P<general>General)|(?P<exponent>[eE][+-])|(?P<digit>[0#?])|(?P<sign>[.,%@/])"
    r"|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_SPLIT = re.compile(r'"[^"]*"?|\\.|\[[^\]]*\]|;|.', re.DOTALL)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_ALL_DIGITS = Context(prec=700)
"""As many as the largest double has before its decimal sign, and a format can ask for behind it."""
_SEPARATORS: dict[Locale | None, tuple[str, str]] = {
    "de": (",", "."),
    "en": (".", ","),
    None: (".", "\u202f"),
}
"""Without a locale thousands are parted by a thin blank, which no reading takes for a decimal."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as its format writes it."""

    text: str
    is_red: bool = False


def general(number: float | Decimal, locale: Locale | None = None) -> str:
    """A number without a format: at most eleven digits, as many as Excel shows."""
    if isinstance(number, int) and abs(number) < 10**15:
        text = str(number)
    else:
        text = f"{number:.11g}" if abs(float(number)) < 1e11 else f"{number:.6g}"
    return text.replace(".", _SEPARATORS[locale][0]).replace("e", "E")


def grouped(number: float, locale: Locale | None = None) -> str:
    """A number with its thousands parted, rounded to ten decimals at most."""
    decimal, group = _SEPARATORS[locale]
    whole, _, fraction = f"{number:,.10f}".partition(".")
    fraction = fraction.rstrip("0")
    return whole.replace(",", group) + (decimal + fraction if fraction else "")


@lru_cache(maxsize=512)
def number_format(code: str, locale: Locale | None = None) -> NumberFormat:
    """The format of a code, kept for the next cell that has it."""
    return NumberFormat(code, locale)


class NumberFormat:
    """One format code, taken apart once."""

    def __init__(self, code: str, locale: Locale | None) -> None:
        self._locale = locale
        parts = _split(code) if code else ["General"]
        self._sections = [_Section(part, locale) for part in parts[:3]]
        self._text = _Section(parts[3], locale) if len(parts) > 3 else None

    def number(self, value: float | Decimal) -> Written:
        """The number in the section that is meant for it."""
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        section, shows_sign = self._section_for(exact)
        if section is None:
            return Written(general(value, self._locale))
        text = section.write(exact, value, shows_sign=shows_sign)
        return Written(text, section.is_red)

    def moment(self, value: dt.date | dt.time | dt.timedelta) -> Written | None:
        """The day or time; None where the format is not one of dates."""
        section = self._sections[0]
        return Written(section.date.write(value), section.is_red) if section.date else None

    def text(self, value: str) -> Written:
        """A text, which only a fourth section or `@` changes."""
        section = self._text
        if section is None and len(self._sections) == 1 and "@" in self._sections[0].signs:
            section = self._sections[0]
        return Written(section.write_text(value), section.is_red) if section else Written(value)

    def _section_for(self, value: Decimal) -> tuple[_Section | None, bool]:
        sections = self._sections
        if any(section.condition for section in sections):
            fitting = next((each for each in sections if each.fits(value)), None)
            return fitting, fitting is not None and value < 0
        if len(sections) == 1 or (value > 0):
            return sections[0], True
        if value < 0:
            return sections[1], False
        return (sections[2] if len(sections) > 2 else sections[0]), True


class _Section:
    """One of the up to four parts of a code."""

    def __init__(self, code: str, locale: Locale | None) -> None:
        self._locale = locale
        self.is_red = False
        self.condition: tuple[str, Decimal] | None = None
        self.is_general = code.strip().lower() == "general"
        self.tokens: list[tuple[str, str]] = []
        self.signs = ""
        self.date = DateFormat(code) if is_date_code(code) else None
        for found in _SECTION_TOKENS.finditer(code):
            self._note(found)

    def fits(self, value: Decimal) -> bool:
        """Whether its condition holds, if it has one."""
        if self.condition is None:
            return True
        sign, limit = self.condition
        return _COMPARISONS[sign](value, limit)

    def write(self, exact: Decimal, value: float | Decimal, *, shows_sign: bool) -> str:
        """The number; with its sign unless the section is the one of negative numbers."""
        kinds = [kind for kind, _ in self.tokens]
        if self.is_general or "general" in kinds or self.date is not None:
            shown = value if shows_sign or value >= 0 else -value
            text = general(shown, self._locale)
            around = self._literals() if "general" in kinds else ("", "")
            return f"{around[0]}{text}{around[1]}"
        if "digit" not in kinds:
            return ("-" if shows_sign and exact < 0 else "") + "".join(
                text for kind, text in self.tokens if kind in {"literal", "sign"}
            )
        if "exponent" in kinds:
            return self._scientific(exact)
        if "/" in self.signs:
            return general(value, self._locale)
        return self._fixed(exact, shows_sign=shows_sign)

    def write_text(self, value: str) -> str:
        """The text in place of `@`."""
        return "".join(value if text == "@" else text for _, text in self.tokens)

    def _note(self, found: re.Match[str]) -> None:
        kind, text = found.lastgroup or "literal", found[found.lastgroup or 0]
        if kind == "bracket":
            self._note_bracket(text)
        elif kind in {"quoted", "escaped", "currency", "literal"}:
            self.tokens.append(("literal", text))
        elif kind == "width":
            self.tokens.append(("literal", " " if text in "€$-( " else ""))
        elif kind != "fill":
            self.tokens.append((kind, text))
            self.signs += text if kind == "sign" else ""

    def _note_bracket(self, text: str) -> None:
        if text.lower() == "red":
            self.is_red = True
        elif found := _CONDITION.fullmatch(text.strip()):
            self.condition = (found[1], Decimal(found[2]))

    def _literals(self) -> tuple[str, str]:
        place = next(i for i, (kind, _) in enumerate(self.tokens) if kind == "general")
        before = "".join(text for kind, text in self.tokens[:place] if kind == "literal")
        after = "".join(text for kind, text in self.tokens[place + 1 :] if kind == "literal")
        return before, after

    def _scientific(self, exact: Decimal) -> str:
        places = self._places()[1]
        mantissa, _, exponent = f"{exact:.{places}E}".partition("E")
        decimal = _SEPARATORS[self._locale][0]
        sign = exponent[0] if exponent[0] == "-" else "+"
        return f"{mantissa.replace('.', decimal)}E{sign}{exponent.lstrip('+-').zfill(2)}"

    def _places(self) -> tuple[int, int, int]:
        """How many whole digits there are at least, and decimals at most and at least."""
        whole, most, least, is_fraction = 0, 0, 0, False
        for kind, text in self.tokens:
            if kind == "exponent":
                break
            if kind == "sign" and text == ".":
                is_fraction = True
            elif kind == "digit" and is_fraction:
                most, least = most + 1, (most + 1 if text == "0" else least)
            elif kind == "digit":
                whole += text == "0"
        return whole, most, least

    def _fixed(self, exact: Decimal, *, shows_sign: bool) -> str:
        """Digits put into the places of the code, from the decimal sign outwards."""
        decimal, group = _SEPARATORS[self._locale]
        first, last = self._span()
        scaled = exact * 100 ** self.signs.count("%") / 1000 ** self._scaling(last)
        whole_least, most, least = self._places()
        rounded = abs(scaled).quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP, _ALL_DIGITS)
        whole, _, fraction = f"{rounded:f}".partition(".")
        whole = whole.lstrip("0").rjust(whole_least, "0")
        if whole and self._groups(first, last):
            whole = f"{int(whole):0{len(whole)},}".replace(",", group)
        while len(fraction) > least and fraction.endswith("0"):
            fraction = fraction[:-1]
        body = whole + (decimal + fraction if fraction or self._has_point() else "")
        sign = "-" if shows_sign and scaled < 0 and rounded else ""
        return (
            sign
            + self._around(0, first)
            + self._between(body, first, last)
            + self._around(last + 1, len(self.tokens))
        )

    def _span(self) -> tuple[int, int]:
        digits = [i for i, (kind, _) in enumerate(self.tokens) if kind == "digit"]
        return digits[0], digits[-1]

    def _scaling(self, last: int) -> int:
        """How many commas stand directly behind the last digit."""
        count = 0
        for kind, text in self.tokens[last + 1 :]:
            if kind != "sign" or text != ",":
                break
            count += 1
        return count

    def _groups(self, first: int, last: int) -> bool:
        return ("sign", ",") in self.tokens[first:last]

    def _has_point(self) -> bool:
        return ("sign", ".") in self.tokens and "0" in {
            text for kind, text in self.tokens if kind == "digit"
        }

    def _around(self, start: int, end: int) -> str:
        return "".join(
            text
            for kind, text in self.tokens[start:end]
            if kind == "literal" or (kind == "sign" and text == "%")
        )

    def _between(self, body: str, first: int, last: int) -> str:
        """The digits, with the literals that stand among them: `00-00` or `000 000`."""
        inner = self.tokens[first : last + 1]
        if all(kind != "literal" or not text for kind, text in inner):
            return body
        if any(kind == "sign" for kind, _ in inner):
            return body
        places = sum(kind == "digit" for kind, _ in inner)
        head, digits = body[: max(len(body) - places, 0)], list(body[-places:].rjust(places))
        return head + "".join(
            digits.pop(0).strip() if kind == "digit" else text for kind, text in inner
        )


def _split(code: str) -> list[str]:
    parts = [""]
    for found in _SPLIT.finditer(code):
        if found[0] == ";":
            parts.append("")
        else:
            parts[-1] += found[0]
    return parts
