"""One partner's sheet read: its inputs, and each figure from the file or computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.computing import decimal_of
from budgetinator.budgets.entries import Entries
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.formulaforms import known_form
from budgetinator.budgets.layout import (
    COLUMNS,
    INPUTS,
    REQUESTED,
    InputCell,
    PartnerSheet,
    input_cell,
)
from budgetinator.budgets.model import MAX_WORK_PACKAGES, Amount, Partner, Subcontract
from budgetinator.budgets.places import Places, find_places
from budgetinator.budgets.rules import RuleSet
from budgetinator.budgets.sheetcells import SheetCells
from budgetinator.budgets.sums import BudgetFigures, figures
from budgetinator.workbooks.reading.celltexts import CellError, Value

__all__ = ["FIGURE_CELLS", "ReadPartner", "read_partner"]

_REQUEST = next(column.formula or "" for column in COLUMNS if column.cell == REQUESTED)

FIGURE_CELLS: Mapping[str, str] = {
    "person_months": "B18",
    **{column.figure: column.cell for column in COLUMNS if column.figure is not None},
}
"""The cell of each figure of BudgetFigures."""


@dataclass(frozen=True, slots=True)
class ReadPartner:
    """A partner, the sheet that it was read from, and what that sheet shows.

    `figures` are the results that the file holds, as far as they are current; those in
    `computed` were computed from the inputs instead. `expected` are all as computed.
    """

    partner: Partner
    name: PartnerSheet
    cells: SheetCells
    places: Places
    figures: BudgetFigures
    expected: BudgetFigures
    computed: frozenset[str]

    @property
    def sheet(self) -> str:
        """The name of its sheet."""
        return self.cells.name

    def cell(self, field: str, index: int | None = None, part: str | None = None) -> str:
        """Where a field of the partner stands on this sheet."""
        return self.places.actual(input_cell(field, index, part).cell)


def read_partner(
    sheet: SheetCells, name: PartnerSheet, rules: RuleSet
) -> tuple[ReadPartner, list[Finding]]:
    """The partner of a sheet, as far as it is filled, and what is odd about it."""
    places, findings = find_places(sheet)
    entries = Entries(sheet, findings)
    partner = _partner(_inputs(entries, places), entries, name)
    expected = figures(partner, rules)
    shown, computed = _figures(sheet, places, expected, findings)
    read = ReadPartner(partner, name, sheet, places, shown, expected, computed)
    return read, findings


def _inputs(entries: Entries, places: Places) -> dict[InputCell, Any]:
    found: dict[InputCell, Any] = {}
    for each in INPUTS:
        if each.cell in places.missing:
            found[each] = None
            continue
        cell = places.actual(each.cell)
        if each.cell == REQUESTED and _asks_for_maximum(entries.sheet.formula(cell), places):
            found[each] = None
        elif each.kind == "text":
            found[each] = entries.text(cell)
        elif each.kind == "fraction":
            found[each] = entries.fraction(cell)
        else:
            found[each] = entries.amount(cell)
    return found


def _asks_for_maximum(formula: str | None, places: Places) -> bool:
    """Whether the request is the layout's formula, or one that is not known."""
    if formula is None:
        return False
    return formula == "=" or known_form(formula) == known_form(places.translated(_REQUEST))


def _partner(values: dict[InputCell, Any], entries: Entries, name: PartnerSheet) -> Partner:
    plain = {each.field: value for each, value in values.items() if each.index is None}
    months: list[Amount] = [None] * MAX_WORK_PACKAGES
    contracts = [Subcontract(), Subcontract()]
    for each, value in values.items():
        if each.field == "person_months":
            months[each.index or 0] = value
        elif each.part is not None:
            index = each.index or 0
            contracts[index] = replace(contracts[index], **{each.part: value})
    plain["number"] = _number(plain["number"], entries, name)
    if plain["acronym"] is None:
        plain["acronym"] = name.acronym
        what = f"The acronym is empty; the sheet's name says {name.acronym}"
        entries.findings.append(_missing("acronym-missing", entries, "D3", what))
    return Partner(**plain, person_months=tuple(months), subcontracts=(contracts[0], contracts[1]))


def _number(value: Amount, entries: Entries, name: PartnerSheet) -> int:
    if value is not None and value == value.to_integral_value() and value > 0:
        return int(value)
    what = (
        f"The number is {'empty' if value is None else value}; the sheet's name says {name.number}"
    )
    entries.findings.append(_missing("number-missing", entries, "D2", what))
    return name.number


def _missing(rule: str, entries: Entries, cell: str, what: str) -> Finding:
    return finding(rule, entries.sheet.name, cell, what)


def _figures(
    sheet: SheetCells, places: Places, expected: BudgetFigures, findings: list[Finding]
) -> tuple[BudgetFigures, frozenset[str]]:
    shown: dict[str, Amount] = {}
    computed = set()
    for each in fields(BudgetFigures):
        cell = places.actual(FIGURE_CELLS[each.name])
        value = sheet.value(cell)
        if isinstance(value, CellError) and sheet.formula(cell) is not None:
            findings.append(finding("error-value", sheet.name, cell, f"It shows {value}"))
        wanted: Amount = getattr(expected, each.name)
        number = _result(value, wanted)
        is_open = value is None and sheet.formula(cell) is not None
        if number is None and (wanted is not None or is_open):
            number = wanted
            computed.add(each.name)
        shown[each.name] = number
    return BudgetFigures(**shown), frozenset(computed)


def _result(value: Value, expected: Amount) -> Amount:
    """The figure that the file shows; a formula over nothing but gaps shows zero for a gap."""
    number = decimal_of(value)
    return None if number == Decimal(0) and expected is None else number
