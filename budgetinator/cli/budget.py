"""`budgetinator budget`: what each partner costs and asks for, and the consortium."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.numbers import Locale
from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.failures import describe_error, sentence, tell
from budgetinator.cli.many import ask_all
from budgetinator.cli.money import (
    amount_text,
    figures_json,
    locale_option,
    percent_text,
    rules_option,
)
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table
from budgetinator.config import OpeningBounds, load_settings

if TYPE_CHECKING:
    from budgetinator.budgets.findings import Finding
    from budgetinator.budgets.sums import BudgetFigures

__all__ = ["command"]

_MARK = "*"
# Heading, and the figure that stands below it.
_COLUMNS = (
    ("PM", "person_months"),
    ("A personnel", "personnel"),
    ("B subcontracts", "subcontracting"),
    ("C1 travel", "travel"),
    ("C2 equipment", "equipment"),
    ("C3 other", "other_goods"),
    ("D1 third parties", "third_parties"),
    ("D2 internal", "internal_goods"),
    ("E indirect", "indirect"),
    ("Total cost", "total_eligible"),
    ("Rate", "funding_rate"),
    ("Maximum EU", "maximum_contribution"),
    ("Requested EU", "requested_contribution"),
    ("Total income", "total_income"),
)


@click.command("budget", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@rules_option
@locale_option
def command(files: tuple[str, ...], rules: RuleSet | None, locale: Locale, as_json: bool) -> int:
    """Show the budget of each FILE: a row for each partner, and the consortium's total.

    A figure with a star was computed from the inputs, because the file holds no current
    result of its formula. An empty field is not determined yet, and no zero. What `budgetinator
    check` finds is counted below. Of several files one that cannot be read is told, and the
    others are shown.

    JSON: workbooks (a list of file, rule_set, partners, consortium, findings; or of file and
    error). A partner has number, acronym, sheet, figures by name in EUR, and computed (the names
    of figures that are not from the file); findings are counts by severity.
    """
    ask = partial(_read, rules=rules, bounds=load_settings().settings.opening)
    code, documents = 0, []
    for answer in ask_all(ask, files, "reading"):
        if answer.value is None:
            assert answer.error is not None
            if len(files) == 1:
                raise answer.error
            code = max(code, answer.code)
            documents.append({"file": answer.file, "error": describe_error(answer.error)})
            if not as_json:
                tell(sentence(answer.error))
        elif as_json:
            documents.append(_document(answer.file, answer.value))
        else:
            _print(answer.file, answer.value, locale)
    if as_json:
        print_json({"workbooks": documents})
    return code


@dataclass(frozen=True, slots=True)
class _Partner:
    """What is shown of a partner."""

    number: int
    acronym: str
    sheet: str
    figures: BudgetFigures
    computed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Budget:
    """What is shown of a budget, small enough to be handed from process to process."""

    rule_set: str
    rules_title: str
    partners: tuple[_Partner, ...]
    consortium: BudgetFigures
    findings: dict[str, int]


def _read(file: str, *, rules: RuleSet | None, bounds: OpeningBounds) -> _Budget:
    from budgetinator.budgets.checks import findings_of
    from budgetinator.budgets.reading import read_budget

    read = read_budget(file, rules=rules, bounds=bounds, hidden=True)
    partners = tuple(
        _Partner(each.partner.number, each.partner.acronym, each.sheet, each.figures, each.computed)
        for each in read.partners
    )
    counts = severities(findings_of(read))
    return _Budget(read.rules.name, read.rules.title, partners, read.consortium, counts)


def _print(file: str, budget: _Budget, locale: Locale) -> None:
    print_lines(f"{file}: rules {budget.rule_set}, {budget.rules_title}; amounts in EUR")
    headings = ("No.", "Partner", *(heading for heading, _ in _COLUMNS))
    print_table(headings, list(_rows(budget, locale)), right=(0, *range(2, len(headings))))
    if any(each.computed for each in budget.partners):
        print_lines(f"{_MARK} computed from the inputs: the file has no current result.")
    print_lines(f"Findings: {counted(budget.findings)}.")


def _rows(budget: _Budget, locale: Locale) -> Iterator[list[str]]:
    for each in budget.partners:
        cells = _cells(each.figures, locale, each.computed.__contains__)
        yield [str(each.number), each.acronym, *cells]
    sums = _cells(budget.consortium, locale, lambda name: _any_computed(budget, name))
    yield ["", "Consortium", *sums]


def _cells(
    figures: BudgetFigures, locale: Locale, is_computed: Callable[[str], bool]
) -> Iterator[str]:
    for _, name in _COLUMNS:
        amount = getattr(figures, name)
        write = percent_text if name == "funding_rate" else amount_text
        mark = _MARK if amount is not None and is_computed(name) else ""
        yield mark + write(amount, locale)


def _any_computed(budget: _Budget, name: str) -> bool:
    return any(
        name in each.computed and getattr(each.figures, name) is not None
        for each in budget.partners
    )


def counted(counts: Mapping[str, int]) -> str:
    """How many there are of each severity, in words."""
    words = (f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    return ", ".join(words)


def severities(findings: tuple[Finding, ...]) -> dict[str, int]:
    """How many there are of each severity."""
    return {
        severity: sum(each.severity == severity for each in findings)
        for severity in ("error", "warning", "note")
    }


def _document(file: str, budget: _Budget) -> dict[str, Any]:
    return {
        "file": file,
        "rule_set": budget.rule_set,
        "partners": [
            {
                "number": each.number,
                "acronym": each.acronym,
                "sheet": each.sheet,
                "figures": figures_json(each.figures),
                "computed": sorted(each.computed),
            }
            for each in budget.partners
        ],
        "consortium": figures_json(budget.consortium),
        "findings": budget.findings,
    }
