"""`budgetinator budget`: what each partner costs and asks for, and the consortium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.numbers import Locale
from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.exits import Exit, exit_code
from budgetinator.cli.failures import describe_error, naming, sentence, tell
from budgetinator.cli.money import (
    amount_text,
    figures_json,
    locale_option,
    percent_text,
    rules_option,
)
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table, waiting
from budgetinator.config import OpeningBounds, load_settings
from budgetinator.errors import BudgetinatorError

if TYPE_CHECKING:
    from budgetinator.budgets.findings import Finding
    from budgetinator.budgets.reading import ReadBudget
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
    bounds = load_settings().settings.opening
    code, documents = Exit.DONE, []
    for file in files:
        try:
            with waiting(f"reading {file}"), naming(file):
                read, findings = _read(file, rules, bounds)
        except (BudgetinatorError, OSError) as error:
            if len(files) == 1:
                raise
            code = max(code, exit_code(error))
            documents.append({"file": file, "error": describe_error(error)})
            if not as_json:
                tell(sentence(error))
            continue
        if as_json:
            documents.append(_document(file, read, findings))
        else:
            _print(file, read, findings, locale)
    if as_json:
        print_json({"workbooks": documents})
    return code


def _read(
    file: str, rules: RuleSet | None, bounds: OpeningBounds
) -> tuple[ReadBudget, tuple[Finding, ...]]:
    from budgetinator.budgets.checks import findings_of
    from budgetinator.budgets.reading import read_budget

    read = read_budget(file, rules=rules, bounds=bounds, hidden=True)
    return read, findings_of(read)


def _print(file: str, read: ReadBudget, findings: tuple[Finding, ...], locale: Locale) -> None:
    print_lines(f"{file}: rules {read.rules.name}, {read.rules.title}; amounts in EUR")
    headings = ("No.", "Partner", *(heading for heading, _ in _COLUMNS))
    rows = list(_rows(read, locale))
    print_table(headings, rows, right=(0, *range(2, len(headings))))
    if read.is_computed:
        print_lines(f"{_MARK} computed from the inputs: the file has no current result.")
    print_lines(f"Findings: {counted(findings)}.")


def _rows(read: ReadBudget, locale: Locale) -> Iterator[list[str]]:
    for each in read.partners:
        yield [
            str(each.partner.number),
            each.partner.acronym,
            *_cells(each.figures, locale, each.computed.__contains__),
        ]
    sums = _cells(read.consortium, locale, lambda name: _any_computed(read, name))
    yield ["", "Consortium", *sums]


def _cells(
    figures: BudgetFigures, locale: Locale, is_computed: Callable[[str], bool]
) -> Iterator[str]:
    for _, name in _COLUMNS:
        amount = getattr(figures, name)
        write = percent_text if name == "funding_rate" else amount_text
        mark = _MARK if amount is not None and is_computed(name) else ""
        yield mark + write(amount, locale)


def _any_computed(read: ReadBudget, name: str) -> bool:
    return any(
        name in each.computed and getattr(each.figures, name) is not None for each in read.partners
    )


def counted(findings: tuple[Finding, ...]) -> str:
    """How many there are of each severity, in words."""
    counts = severities(findings)
    words = (f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    return ", ".join(words)


def severities(findings: tuple[Finding, ...]) -> dict[str, int]:
    """How many there are of each severity."""
    return {
        severity: sum(each.severity == severity for each in findings)
        for severity in ("error", "warning", "note")
    }


def _document(file: str, read: ReadBudget, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "file": file,
        "rule_set": read.rules.name,
        "partners": [
            {
                "number": each.partner.number,
                "acronym": each.partner.acronym,
                "sheet": each.sheet,
                "figures": figures_json(each.figures),
                "computed": sorted(each.computed),
            }
            for each in read.partners
        ],
        "consortium": figures_json(read.consortium),
        "findings": severities(findings),
    }
