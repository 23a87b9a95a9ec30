"""Which cell of a budget's sheet is which of its other version.

Cells of the layout go by what they are: a label that moved takes its cell along, rows of
the overviews go with their partners, columns of person-months with their work packages.
All other cells go with their row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from budgetinator.budgets.layout import (
    COLUMNS,
    INPUTS,
    PARTNER_TITLES,
    SUMS,
    InputCell,
    input_cell,
    partner_formulas,
)
from budgetinator.budgets.model import Amount
from budgetinator.budgets.partnerreading import FIGURE_CELLS, ReadPartner
from budgetinator.budgets.places import Places
from budgetinator.budgets.sheetcells import LAST_ROW, Place, SheetCells, place_of

__all__ = ["AlignedSheets", "Label", "Route", "aligned_partners"]


@dataclass(frozen=True, slots=True)
class Label:
    """What a cell is called; `work_package` is the number in the later version."""

    text: str
    is_input: bool = False
    work_package: int | None = None


class Route:
    """The way from places of one version to those of the other: by cell, else by row."""

    def __init__(self, cells: Mapping[Place, Place], rows: Mapping[int, int]) -> None:
        self._cells = cells
        self._rows = rows
        self._taken = frozenset(cells.values())
        self._taken_rows = frozenset(rows.values())

    def __call__(self, place: Place) -> Place | None:
        """Where it stands in the other version; None if something else stands there."""
        if place in self._cells:
            return self._cells[place]
        row, column = place
        if row in self._rows:
            found = (self._rows[row], column)
        elif row in self._taken_rows:
            return None
        else:
            found = place
        return None if found in self._taken else found

    def reversed(self) -> Route:
        """The way back."""
        cells = {other: one for one, other in self._cells.items()}
        return Route(cells, {other: one for one, other in self._rows.items()})


@dataclass(frozen=True, slots=True)
class AlignedSheets:
    """A budget's sheet in both versions.

    `formulas` are those that the layout has for each version, `results` what is known of
    results that the file does not have. What is in `ignored` is told elsewhere: the number
    of a partner, say, and rows of partners that only one version has. `labels` go by the
    places of the later version.
    """

    before: SheetCells
    after: SheetCells
    route: Route
    labels: Mapping[Place, Label] = field(default_factory=dict)
    formulas: tuple[Mapping[Place, str], Mapping[Place, str]] = ({}, {})
    results: tuple[Mapping[Place, Amount], Mapping[Place, Amount]] = ({}, {})
    ignored: tuple[Collection[Place], Collection[Place]] = ((), ())
    partner: int | None = None


def aligned_partners(
    before: ReadPartner,
    after: ReadPartner,
    packages: Mapping[int, int],
    rates: tuple[Decimal, Decimal],
) -> AlignedSheets:
    """The sheets of one partner; `packages` leads from numbers to numbers of work packages."""
    cells = {
        place_of(before.places.actual(one)): place_of(after.places.actual(other))
        for one, other in _usual_pairs(packages)
        if one not in before.places.missing and other not in after.places.missing
    }
    is_renumbered = before.partner.number != after.partner.number
    numbers = ("D2", "B13") if is_renumbered else ()
    return AlignedSheets(
        before.cells,
        after.cells,
        Route(cells, _rows(before.places, after.places)),
        labels={place_of(after.places.actual(cell)): label for cell, label in _LABELS.items()},
        formulas=(_formulas(before, rates[0]), _formulas(after, rates[1])),
        results=(_results(before), _results(after)),
        ignored=(_places(before, numbers), _places(after, numbers)),
        partner=after.partner.number,
    )


def _known_cells() -> Iterable[str]:
    return dict.fromkeys((*(each.cell for each in INPUTS), *partner_formulas()))


def _usual_pairs(packages: Mapping[int, int]) -> Iterator[tuple[str, str]]:
    """The layout's cells in both versions: person-months go with their work package."""
    taken = set(packages.values())
    for cell in _known_cells():
        number = _MONTHS.get(cell)
        if number is not None and number in packages:
            yield cell, input_cell("person_months", packages[number] - 1).cell
        elif number is None or number not in taken:
            yield cell, cell


def _places(read: ReadPartner, cells: Iterable[str]) -> frozenset[Place]:
    return frozenset(place_of(read.places.actual(cell)) for cell in cells)


def _formulas(read: ReadPartner, rate: Decimal) -> dict[Place, str]:
    expected = read.places.formulas(partner_formulas(rate))
    return {place_of(cell): formula for cell, formula in expected.items()}


def _results(read: ReadPartner) -> dict[Place, Amount]:
    return {
        place_of(read.places.actual(cell)): getattr(read.figures, name)
        for name, cell in FIGURE_CELLS.items()
    }


def _rows(before: Places, after: Places) -> dict[int, int]:
    """Where rows stand in the later version, if any moved."""
    if not before.moved and not after.moved:
        return {}
    ones, others = _shifted(before), _shifted(after)
    return {ones[row]: others[row] for row in ones}


def _shifted(places: Places) -> dict[int, int]:
    """Where the layout's rows stand; one without labels goes with the next that has some."""
    shifts: dict[int, int] = {}
    for cell in _known_cells():
        (row, column), (now, other) = place_of(cell), place_of(places.actual(cell))
        if column == other:
            shifts.setdefault(row, now - row)
    found, shift = {}, 0
    for row in range(LAST_ROW, 0, -1):
        shift = shifts.get(row, shift if row < max(shifts) else shifts[max(shifts)])
        found[row] = max(row + shift, 1)
    return found


def _label(each: InputCell) -> Label:
    part = f" ({each.part})" if each.part not in (None, "amount") else ""
    number = each.index + 1 if each.field == "person_months" and each.index is not None else None
    return Label(f"{each.label}{part}", is_input=True, work_package=number)


_MONTHS = {
    each.cell: each.index + 1
    for each in INPUTS
    if each.field == "person_months" and each.index is not None
}
_LABELS: Mapping[str, Label] = {
    "B18": Label("Person-months"),
    **{cell: Label("Total") for cell in SUMS if cell != "B18"},
    **{
        cell: Label(column.label)
        for column in COLUMNS
        for cell in (column.cell, f"{column.letter}14")
        if cell not in PARTNER_TITLES
    },
    **{each.cell: _label(each) for each in INPUTS},
}
