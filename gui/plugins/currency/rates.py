"""Exchange rates and what they make of an amount.

A rate says how many units of a currency one euro buys, as the European Central Bank
publishes it. From one currency to another the way is over the euro; nothing is rounded on
the way, and the result once, half to even, to the smallest unit of its currency.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal

from budgetinator.errors import InvalidNumber

__all__ = ["BASE", "MOST_BYTES", "Conversion", "Rates", "decimal_places", "parse_rate", "shortened"]

BASE = "EUR"
MOST_BYTES = 1024 * 1024
MOST_RATES = 500

_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_RATE = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,12})?", re.ASCII)
_EXACT = Context(prec=50)
_WITHOUT_CENTS = frozenset({"BIF", "CLP", "GNF", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF"})
_WITH_MILLS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount in another currency: exact as far as 50 digits go, and rounded."""

    amount: Decimal
    source: str
    target: str
    rate: Decimal
    """Units of the target for one of the source."""
    exact: Decimal
    rounded: Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of each currency for one euro, and of which day."""

    per_euro: Mapping[str, Decimal] = field(default_factory=dict)
    day: dt.date | None = None

    def __post_init__(self) -> None:
        if len(self.per_euro) > MOST_RATES:
            raise ValueError(f"There are more than {MOST_RATES} rates; keep those that you need.")
        for code, rate in self.per_euro.items():
            if _CODE.fullmatch(code) is None:
                raise ValueError(f"{code[:20]!r} is no currency; write its three capital letters.")
            if code == BASE and rate != 1:
                raise ValueError(f"One euro is one euro; the rate of {BASE} is 1, not {rate}.")
            if not (rate.is_finite() and rate > 0):
                raise ValueError(f"The rate of {code} is {rate}; it has to be above zero.")

    @property
    def codes(self) -> tuple[str, ...]:
        """The euro first, then the others by their letters."""
        return (BASE, *sorted(code for code in self.per_euro if code != BASE))

    def rate(self, code: str) -> Decimal:
        """Units of the currency for one euro; KeyError where that is not known."""
        return Decimal(1) if code == BASE else self.per_euro[code]

    def convert(self, amount: Decimal, source: str, target: str) -> Conversion:
        """The amount in the target's currency; KeyError for a currency without a rate."""
        of_source, of_target = self.rate(source), self.rate(target)
        exact = _EXACT.divide(_EXACT.multiply(amount, of_target), of_source)
        smallest = Decimal(1).scaleb(-decimal_places(target))
        rounded = exact.quantize(smallest, ROUND_HALF_EVEN, _EXACT)
        rate = _EXACT.divide(of_target, of_source)
        return Conversion(amount, source, target, rate, exact, rounded)

    @classmethod
    def from_toml(cls, text: str) -> Rates:
        """Read `date = 2026-11-20` and a table `[rates]`; ValueError says what is wrong."""
        try:
            table = tomllib.loads(text, parse_float=Decimal)
        except RecursionError:
            raise ValueError("The file is nested too deeply to be read.") from None
        base = table.get("base", BASE)
        if base != BASE:
            raise ValueError(f"The rates are for one {base!r}; they have to be for one {BASE}.")
        day = table.get("date")
        if isinstance(day, dt.datetime) or not (day is None or isinstance(day, dt.date)):
            raise ValueError(f"The date {day} is none; write it as 2026-11-20.")
        rates = table.get("rates")
        if not isinstance(rates, dict):
            raise ValueError("There is no table [rates].")  # noqa: TRY004  of the file, not the call
        return cls({code: _of_toml(code, rate) for code, rate in rates.items()}, day)

    @classmethod
    def from_csv(cls, text: str) -> Rates:
        """Read a currency and its rate in each line, parted by a semicolon, tab or comma."""
        lines = [line for line in text.splitlines() if line.strip() and line[:1] != "#"]
        sign = _delimiter(lines)
        found: dict[str, Decimal] = {}
        for number, row in enumerate(csv.reader(lines, delimiter=sign), 1):
            cells = [cell.strip() for cell in row]
            if len(cells) < 2 or (number == 1 and _CODE.fullmatch(cells[0]) is None):
                if number == 1:
                    continue  # the heading
                raise ValueError(f"Line {number} has no rate: {', '.join(cells)[:60]}")
            if cells[0] in found:
                raise ValueError(f"{cells[0]} stands in line {number} for the second time.")
            found[cells[0]] = parse_rate(cells[1])
        return cls(found)

    def as_toml(self) -> str:
        """The text that `from_toml` reads."""
        lines = [f'base = "{BASE}"']
        if self.day is not None:
            lines.append(f"date = {self.day.isoformat()}")
        lines += ["", "# Units of the currency for one euro.", "[rates]"]
        lines += [f'{code} = "{self.per_euro[code]:f}"' for code in self.codes if code != BASE]
        return "\n".join(lines) + "\n"

    def as_csv(self) -> str:
        """The text that `from_csv` reads, with points in the numbers."""
        target = io.StringIO()
        writer = csv.writer(target, delimiter=";", lineterminator="\n")
        writer.writerow(("currency", "units for one EUR"))
        writer.writerows((code, f"{self.rate(code):f}") for code in self.codes if code != BASE)
        return target.getvalue()


def decimal_places(code: str) -> int:
    """How many digits the smallest unit of a currency has behind the decimal sign (ISO 4217)."""
    if code in _WITHOUT_CENTS:
        return 0
    return 3 if code in _WITH_MILLS else 2


def shortened(number: Decimal) -> Decimal:
    """At most twelve digits behind the decimal sign, and no zeros at the end."""
    rounded = number.quantize(Decimal("1e-12"), ROUND_HALF_EVEN, _EXACT).normalize(_EXACT)
    is_whole = rounded == rounded.to_integral_value()
    return rounded.quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT) if is_whole else rounded


def parse_rate(text: str) -> Decimal:
    """Read a rate: a comma or a point is its decimal sign, since rates have no thousands.

    Raises InvalidNumber for anything else.
    """
    bare = text.strip()
    if _RATE.fullmatch(bare) is None:
        raise InvalidNumber(
            f"{text[:40]!r} is no rate; type digits with one comma or point, as in 1.0832.",
            text=text[:40],
        )
    return Decimal(bare.replace(",", "."))


def _of_toml(code: str, rate: object) -> Decimal:
    if isinstance(rate, str):
        return parse_rate(rate)
    if isinstance(rate, Decimal | int) and not isinstance(rate, bool):
        return Decimal(rate)
    raise ValueError(f"The rate of {code} is no number.")


def _delimiter(lines: Iterable[str]) -> str:
    """What parts currency and rate; a comma only where nothing else does."""
    first = next(iter(lines), "")
    return next((sign for sign in (";", "\t") if sign in first), ",")
