"""Amounts of a budget as people of a locale read them, and as JSON has them."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.model import Amount
from budgetinator.budgets.numbers import Locale, format_number
from budgetinator.budgets.rules import RuleSet, rule_set, rule_set_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.budgets.sums import BudgetFigures

__all__ = [
    "amount_json",
    "amount_text",
    "figures_json",
    "locale_option",
    "percent_text",
    "rules_option",
]


def amount_text(amount: Amount, locale: Locale) -> str:
    """Two decimals; nothing for what is not determined."""
    return "" if amount is None else format_number(amount, locale, 2)


def amount_json(amount: Amount) -> float | int | None:
    """A whole number as such, null for what is not determined."""
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def figures_json(figures: BudgetFigures) -> dict[str, Any]:
    """Every figure by its name."""
    return {each.name: amount_json(getattr(figures, each.name)) for each in fields(figures)}


def locale_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--locale`, by which amounts are written."""
    option = click.option(
        "--locale",
        type=click.Choice(("en", "de")),
        default="en",
        show_default=True,
        help="Write amounts as 1,234.50 or as 1.234,50.",
    )
    return option(command)


def rules_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--rules`, the rule set in place of the one that the workbook names."""
    option = click.option(
        "--rules",
        metavar="SET",
        callback=_rule_set,
        help=f"Use these rules: {', '.join(rule_set_names())}; else the workbook's.",
    )
    return option(command)


def _rule_set(_ctx: click.Context, _parameter: click.Parameter, name: str | None) -> RuleSet | None:
    return None if name is None else rule_set(name)


def percent_text(rate: Decimal | None, locale: Locale) -> str:
    """A fraction in percent with as many decimals as it has."""
    if rate is None:
        return ""
    shown = (rate * 100).normalize()
    return f"{format_number(shown, locale)} %"
