"""Where the cells of one partner's sheet stand: at their usual places, or where labels say.

A label at its usual place settles it. If it stands elsewhere in the same column or row,
the cell it labels is taken to have moved with it; so it is if the label stands anywhere
else, once, with something in its cells, or moved as a label beside it did. If it stands
nowhere, because people word labels as they like, the usual place counts, unless the label
of another cell is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.computing import decimal_of
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.layout import (
    COLUMNS,
    INPUTS,
    LABEL_ROW,
    TOTALS_ROW,
    InputCell,
)
from budgetinator.budgets.sheetcells import Place, SheetCells, place_of
from budgetinator.workbooks.addresses import format_cell

__all__ = ["Places", "find_places"]

_REFERENCE = re.compile(r"(?<![A-Za-z0-9_!'$.])([A-Z]{1,3}[1-9][0-9]*)(?![\w(])")
# The sum below a table moves with the table's last line, whose label is not "Total".
# Who the partner is stands beside the figures.
_MOVES_WITH = {
    "B18": "C18",
    "F24": "F23",
    "F31": "F30",
    "F37": "F36",
    "F45": "F44",
    **{column.cell: "G13" for column in COLUMNS if column.figure is None},
}


@dataclass(slots=True)
class Places:
    """The actual cells by their usual ones; those that cannot be found are in `missing`.

    `labels` are the cells in which labels were found. `alone` leads from cells that stayed
    to where their label went without them.
    """

    moved: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    alone: dict[str, str] = field(default_factory=dict)

    def actual(self, cell: str) -> str:
        """Where the cell of this usual address stands."""
        return self.moved.get(cell, cell)

    def formulas(self, expected: Mapping[str, str]) -> dict[str, str]:
        """Formulas of the layout for the cells where they stand here."""
        if not self.moved:
            return dict(expected)
        return {self.actual(cell): self.translated(text) for cell, text in expected.items()}

    def translated(self, formula: str) -> str:
        """A formula of the layout with its references led to where the cells stand."""
        return _REFERENCE.sub(lambda found: self.actual(found[1]), formula)


def find_places(sheet: SheetCells) -> tuple[Places, list[Finding]]:
    """Where everything stands on a partner's sheet, and what moved."""
    places, findings = Places(), list[Finding]()
    index = _Labels(sheet)
    known = list(_labelled())
    found = {label: index.find(label, names) for label, names, _ in known}
    if None in found.values():
        found |= _far_moves(sheet, index, found)
    shifts: dict[str, Place] = {}
    for label_cell, names, cells in known:
        at = found[label_cell]
        if at is not None:
            places.labels.add(format_cell(*at))
            if at != place_of(label_cell):
                findings += _moved(sheet, index, places, shifts, (label_cell, names, cells), at)
        elif index.is_taken(label_cell, names):
            places.missing.update(cells)
            what = f"the label {names[0]!r} stands nowhere"
            findings.append(finding("label-missing", sheet.name, label_cell, what))
    for cell in places.alone.keys() - _targets(shifts):
        del shifts[cell]
    places.alone = {cell: at for cell, at in places.alone.items() if cell not in shifts}
    for cell, other in _MOVES_WITH.items():
        if other in shifts:
            shifts[cell] = shifts[other]
    places.moved = {
        cell: format_cell(*place)
        for cell, shift in shifts.items()
        if min(place := _shifted(cell, shift)) >= 1
    }
    return places, findings


def _targets(shifts: Mapping[str, Place]) -> set[str]:
    """The cells to which others have moved: a number there is no sign that nothing moved."""
    places = (_shifted(cell, shift) for cell, shift in shifts.items())
    return {format_cell(*place) for place in places if min(place) >= 1}


def _shifted(cell: str, shift: Place) -> Place:
    row, column = place_of(cell)
    return row + shift[0], column + shift[1]


def _moved(
    sheet: SheetCells,
    index: _Labels,
    places: Places,
    shifts: dict[str, Place],
    labelled: _Labelled,
    at: Place,
) -> Iterator[Finding]:
    """Note how far the cells of a label went with it, or that they stayed."""
    label_cell, names, cells = labelled
    shift = _shift(label_cell, at)
    if not _is_move(sheet, cells, shift):
        if index.is_labelled(label_cell, names):
            return  # by people's own wording; what was found is another word
        places.alone.update(dict.fromkeys(cells, format_cell(*at)))
    shifts.update(dict.fromkeys(cells, shift))
    what = f"{names[0]} stands at {format_cell(*at)} and not at {label_cell}"
    yield finding("label-moved", sheet.name, format_cell(*at), what)


def _far_moves(
    sheet: SheetCells, index: _Labels, found: Mapping[str, Place | None]
) -> dict[str, Place]:
    """Labels that stand in another row and another column than they usually do.

    A word that stands there once, with something in the cells that it labels, is taken for
    the label. Others, and labels of empty cells, follow if one nearby moved just as far.
    """
    sought = [each for each in _labelled() if found[each[0]] is None]
    candidates = {label: index.anywhere(label, names) for label, names, _ in sought}
    moves: dict[str, Place] = {}
    for label, _, cells in sought:
        if len(candidates[label]) == 1:
            (at,) = candidates[label]
            if _is_filled(sheet, cells, _shift(label, at)):
                moves[label] = at
    certain = {label: _shift(label, at) for label, at in moves.items()}
    for label, _, _ in sought:
        if label in moves or not certain:
            continue
        near = min(certain, key=lambda each: _distance(place_of(each), place_of(label)))
        fitting = [at for at in candidates[label] if _shift(label, at) == certain[near]]
        if fitting:
            moves[label] = fitting[0]
    return moves


def _shift(label: str, at: Place) -> Place:
    row, column = place_of(label)
    return at[0] - row, at[1] - column


def _is_filled(sheet: SheetCells, cells: Iterable[str], shift: Place) -> bool:
    """Whether one of the cells holds something that far from its usual place."""
    moved = [_shifted(cell, shift) for cell in cells]
    return any(place in sheet.values or place in sheet.formulas for place in moved)


def _is_move(sheet: SheetCells, cells: tuple[str, ...], shift: Place) -> bool:
    """Whether cells went with a label: not if there are numbers at the usual places alone."""
    if all(decimal_of(sheet.value(cell)) is None for cell in cells):
        return True
    return _is_filled(sheet, cells, shift)


class _Labels:
    """The texts of a sheet by what they say, and where they stand."""

    def __init__(self, sheet: SheetCells) -> None:
        self._at: dict[Place, str] = {}
        self._of: dict[str, list[Place]] = {}
        for cell, text in sheet.texts():
            label = normalised(text)
            self._at[place_of(cell)] = label
            self._of.setdefault(label, []).append(place_of(cell))

    def find(self, cell: str, names: tuple[str, ...]) -> Place | None:
        """Where one of the labels stands: there, or nearest to it in that column or row."""
        usual = place_of(cell)
        wanted = [normalised(name) for name in names]
        if self._at.get(usual) in wanted:
            return usual
        found = [
            place
            for name in wanted
            for place in self._of.get(name, ())
            if place[0] == usual[0] or place[1] == usual[1]
        ]
        found.sort(key=lambda place: _distance(place, usual))
        if len(found) > 1 and _distance(found[0], usual) == _distance(found[1], usual):
            return None
        return found[0] if found else None

    def anywhere(self, cell: str, names: tuple[str, ...]) -> list[Place]:
        """Where one of the labels stands, but for usual places of other labels worded so."""
        wanted = {normalised(name) for name in names}
        others = {place_of(other) for other, _, _ in _labelled() if other != cell}
        return [
            place
            for name in sorted(wanted)
            for place in self._of.get(name, ())
            if not (place in others and name in _names_at(place))
        ]

    def is_labelled(self, cell: str, names: tuple[str, ...]) -> bool:
        """Whether a text stands there that is no label of the same column or row."""
        return place_of(cell) in self._at and not self.is_taken(cell, names)

    def is_taken(self, cell: str, names: tuple[str, ...]) -> bool:
        """Whether the label of another cell in the same column or row stands there."""
        there = self._at.get(place_of(cell))
        if there is None:
            return False
        return there in _known_in(place_of(cell)) - {normalised(name) for name in names}


def _distance(one: Place, other: Place) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


@lru_cache(maxsize=256)
def _known_in(usual: Place) -> frozenset[str]:
    """The labels whose usual place is in the same column or row."""
    return frozenset(
        normalised(name)
        for cell, names, _ in _labelled()
        for name in names
        if place_of(cell)[0] == usual[0] or place_of(cell)[1] == usual[1]
    )


@lru_cache(maxsize=256)
def _names_at(place: Place) -> frozenset[str]:
    """The wordings of the label whose usual place this is."""
    return frozenset(
        normalised(name)
        for cell, names, _ in _labelled()
        for name in names
        if place_of(cell) == place
    )


@lru_cache(maxsize=4096)
def normalised(text: str) -> str:
    """A label without case, colons, footnotes' stars and blanks at its ends."""
    return " ".join(text.casefold().split()).strip(" :*")


_Labelled: TypeAlias = tuple[str, tuple[str, ...], tuple[str, ...]]


def _labelled() -> Iterator[_Labelled]:
    """The usual cell of each label, its wordings, and the cells that go with it."""
    rows: dict[str, tuple[InputCell, list[str]]] = {}
    for each in INPUTS:
        if each.label_cell is not None and not each.label_cell.endswith(str(LABEL_ROW)):
            rows.setdefault(each.label_cell, (each, []))[1].append(each.cell)
    for label_cell, (each, cells) in rows.items():
        yield label_cell, (each.label, *each.labels), tuple(cells)
    for column in COLUMNS:
        if column.figure is None:
            continue
        totals = f"{column.letter}{TOTALS_ROW}"
        yield f"{column.letter}{LABEL_ROW}", (column.label,), (column.cell, totals)
