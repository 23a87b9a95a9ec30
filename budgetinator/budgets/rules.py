"""The rates and thresholds of a funding programme, by the name of their set.

The figures stand in `rules.toml`; a workbook names its set, and takes the default
otherwise.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Literal

from budgetinator.errors import ConfigError

__all__ = ["RuleSet", "rule_set", "rule_set_names"]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rates as fractions, thresholds in EUR; `audit_certificate_from` is None where none is due.

    `costs` says by what costs are shown: "actual" by category, or by "work packages" as
    for a lump sum. `source` is where the figures come from.
    """

    name: str
    title: str
    source: str
    funding_rate: Decimal
    funding_rate_for_profit: Decimal
    indirect_rate: Decimal
    purchases_justified_above: Decimal
    audit_certificate_from: Decimal | None
    costs: Literal["actual", "work packages"]

    @property
    def funding_rates(self) -> tuple[Decimal, ...]:
        """The rates that a partner can have, the highest first."""
        return tuple(sorted({self.funding_rate, self.funding_rate_for_profit}, reverse=True))


def rule_set(name: str | None = None) -> RuleSet:
    """The set of this name in any case, or the default one; ConfigError where there is none."""
    wanted = name if name is not None else _document()["default"]
    for known, table in _document()["sets"].items():
        if known.casefold() == wanted.casefold():
            return _rule_set(known, table)
    raise ConfigError(
        f"There is no rule set {wanted!r}; there are {', '.join(rule_set_names())}.",
        source="argument",
        key="rule_set",
        expected=f"one of {', '.join(rule_set_names())}",
    )


def rule_set_names() -> tuple[str, ...]:
    """The names of the sets, in the order of the file."""
    return tuple(_document()["sets"])


def _rule_set(name: str, table: dict[str, Any]) -> RuleSet:
    certificate = table.get("audit_certificate_from")
    return RuleSet(
        name=name,
        title=table["title"],
        source=table["source"],
        funding_rate=Decimal(table["funding_rate"]),
        funding_rate_for_profit=Decimal(table["funding_rate_for_profit"]),
        indirect_rate=Decimal(table["indirect_rate"]),
        purchases_justified_above=Decimal(table["purchases_justified_above"]),
        audit_certificate_from=None if certificate is None else Decimal(certificate),
        costs=table["costs"],
    )


@cache
def _document() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
