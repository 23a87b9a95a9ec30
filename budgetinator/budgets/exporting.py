"""What is exported of a budget: its tables, under names that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from budgetinator.budgets.findings import Finding
from budgetinator.budgets.layout import COLUMNS, INPUTS, PM_SUMMARY, InputCell, Kind, input_value
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget
from budgetinator.budgets.sums import BudgetFigures, total, work_package_figures
from budgetinator.budgets.tables.table import Table, TableCell, TableField

__all__ = ["FIGURE_COLUMNS", "TABLES", "budget_tables", "figure_row"]

FIGURE_COLUMNS: tuple[TableField, ...] = (
    TableField("person_months", "PM", "months"),
    *(
        TableField(column.figure, column.label, column.kind)
        for column in COLUMNS
        if column.figure is not None
    ),
)
"""The figures of a row of the budget overview."""

_NUMBER = TableField("number", "No.", "number")
_ACRONYM = TableField("acronym", "Partner")
_CONSORTIUM = "Consortium"


def budget_tables(
    read: ReadBudget, findings: Iterable[Finding] = (), names: Iterable[str] | None = None
) -> tuple[Table, ...]:
    """The tables of these names, or all; KeyError for a name that none has."""
    return tuple(
        _findings(findings) if name == "findings" else _MAKERS[name](read)
        for name in (names if names is not None else TABLES)
    )


def figure_row(figures: BudgetFigures) -> tuple[TableCell, ...]:
    """The figures in the order of `FIGURE_COLUMNS`."""
    return tuple(getattr(figures, column.name) for column in FIGURE_COLUMNS)


def _budget(read: ReadBudget) -> Table:
    rows: list[tuple[TableCell, ...]] = [
        (*_who(each), *figure_row(each.figures), bool(each.computed)) for each in read.partners
    ]
    rows.append((None, _CONSORTIUM, *figure_row(read.consortium), read.is_computed))
    columns = (_NUMBER, _ACRONYM, *FIGURE_COLUMNS, TableField("is_computed", "Computed"))
    return Table("budget", f"Budget ({read.rules.name})", columns, tuple(rows))


def _person_months(read: ReadBudget) -> Table:
    known = work_package_figures(read.budget, read.rules)
    packages = range(1, max((each.number for each in known), default=0) + 1)
    columns = (
        _NUMBER,
        _ACRONYM,
        *(TableField(f"wp{number}", f"WP{number}", "months") for number in packages),
        TableField("total", "Total", "months"),
    )
    rows: list[tuple[TableCell, ...]] = []
    for each in read.partners:
        months = each.partner.person_months
        rows.append((*_who(each), *(months[n - 1] for n in packages), total(months)))
    sums = [total(each.partner.person_months[n - 1] for each in read.partners) for n in packages]
    rows.append((None, _CONSORTIUM, *sums, total(sums)))
    return Table("person-months", "Person-months", columns, tuple(rows))


def _partners(read: ReadBudget) -> Table:
    """Every input of every partner, but for the person-months of work packages."""
    inputs = [each for each in INPUTS if each.field != "person_months"]
    columns = (
        *(TableField(_name(each), _title(each), _kind(each)) for each in inputs),
        TableField("sheet", "Sheet"),
    )
    rows = tuple(
        (*(input_value(each.partner, cell) for cell in inputs), each.sheet)
        for each in read.partners
    )
    return Table("partners", "Partners", columns, rows)


def _work_packages(read: ReadBudget) -> Table:
    columns = (
        *(TableField(name, label, _PACKAGE_KINDS.get(name, "text"))
          for name, (_, label) in PM_SUMMARY.columns.items()),
        TableField("person_months", "PM", "months"),
        TableField("personnel", "Personnel", "money"),
        TableField("indirect", "Indirect cost", "money"),
        TableField("cost", "Cost", "money"),
        TableField("partners", "Partners"),
    )  # fmt: skip
    rows: list[tuple[TableCell, ...]] = []
    for each in work_package_figures(read.budget, read.rules):
        known = read.budget.work_package(each.number)
        fields = (getattr(known, name, None) for name in PM_SUMMARY.columns if name != "number")
        names = (read.budget.partner(number) for number in each.partners)
        workers = ", ".join(partner.acronym for partner in names if partner is not None)
        money = (each.person_months, each.personnel, each.indirect, each.cost)
        rows.append((each.number, *fields, *money, workers or None))
    return Table("work-packages", "Work packages", columns, tuple(rows))


def _findings(findings: Iterable[Finding]) -> Table:
    names = ("severity", "rule", "sheet", "cell", "what", "why", "source", "fix")
    columns = tuple(TableField(name, name.capitalize()) for name in names)
    rows = tuple(
        (
            *(getattr(each, name) for name in names[:-1]),
            each.fix.title if each.fix is not None else None,
        )
        for each in findings
    )
    return Table("findings", "Findings", columns, rows)


_PACKAGE_KINDS: Mapping[str, Kind] = {
    "number": "number",
    "start_month": "number",
    "end_month": "number",
}
_MAKERS: Mapping[str, Callable[[ReadBudget], Table]] = {
    "budget": _budget,
    "person-months": _person_months,
    "partners": _partners,
    "work-packages": _work_packages,
}

TABLES = (*_MAKERS, "findings")
"""The names of the tables; they stay, as do the names of the columns."""


def _who(each: ReadPartner) -> Iterator[TableCell]:
    yield each.partner.number
    yield each.partner.acronym


def _name(each: InputCell) -> str:
    if each.index is None:
        return each.field
    return f"subcontract_{each.index + 1}_{each.part}"


def _title(each: InputCell) -> str:
    return each.label if each.part is None else f"{each.label} ({each.part})"


def _kind(each: InputCell) -> Kind:
    return each.kind
