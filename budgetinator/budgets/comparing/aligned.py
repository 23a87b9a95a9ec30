"""The cells of a budget's sheet that differ between its versions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from budgetinator.budgets.comparing.alignment import AlignedSheets, Label
from budgetinator.budgets.comparing.cells import EMPTY, FILLED, SameFormula, compared
from budgetinator.budgets.comparing.differences import CellDifference, CellPlace, DifferenceKind
from budgetinator.budgets.comparing.equality import same_formula
from budgetinator.budgets.findings import CellContent
from budgetinator.budgets.sheetcells import LAST_COLUMN, LAST_ROW, Place, SheetCells
from budgetinator.workbooks import Formula
from budgetinator.workbooks.addresses import format_cell
from budgetinator.workbooks.reading.exactcells import Content

__all__ = ["aligned_differences"]

_NONE = Label("")


def aligned_differences(sheets: AlignedSheets, same: SameFormula) -> Iterator[CellDifference]:
    """What differs within the tables, cell by cell in the order of the earlier version's rows."""
    back = sheets.route.reversed()
    before, after = (_places(each) for each in (sheets.before, sheets.after))
    seen: set[Place] = set()
    for place in sorted(before - set(sheets.ignored[0])):
        target = sheets.route(place)
        if target is not None:
            seen.add(target)
        if target not in sheets.ignored[1]:
            yield from _difference(sheets, place, target, same)
    for other in sorted(after - seen - set(sheets.ignored[1])):
        origin = back(other)
        if origin in sheets.ignored[0]:
            origin = None
        yield from _difference(sheets, origin, other, same)


def _places(sheet: SheetCells) -> set[Place]:
    """The cells of the tables; what is beyond is compared by addresses, however it was read."""
    return {
        place
        for place in (*sheet.values, *sheet.formulas)
        if place[0] <= LAST_ROW and place[1] <= LAST_COLUMN
    }


def _difference(
    sheets: AlignedSheets, place: Place | None, other: Place | None, same: SameFormula
) -> Iterator[CellDifference]:
    label = sheets.labels.get(other, _NONE) if other is not None else _NONE
    one = _content(sheets, 0, place)
    two = _content(sheets, 1, other)
    is_due = [_is_due(sheets, side, at) for side, at in ((0, place), (1, other))]
    if None in (place, other) and True in is_due:
        return  # the layout has it there for whatever stands there

    def is_same(first: str, second: str) -> bool:
        if None not in is_due:
            return is_due[0] == is_due[1] and (bool(is_due[0]) or same(first, second))
        return same(first, second)

    found = compared(one, two, results=True, same=is_same)
    if found is None:
        return
    kind, was, now = found
    yield CellDifference(
        _kind(kind, label, was, now),
        _named(sheets.before, place),
        _named(sheets.after, other),
        _plain(was),
        _plain(now),
        label.text,
        sheets.partner,
        label.work_package,
    )


def _kind(
    kind: DifferenceKind, label: Label, before: CellContent, after: CellContent
) -> DifferenceKind:
    """An input is one whether a formula stood there or not; what was typed elsewhere too."""
    both = isinstance(before, Formula) and isinstance(after, Formula)
    return "input" if kind == "formula" and label.is_input and not both else kind


def _content(sheets: AlignedSheets, side: int, place: Place | None) -> Content:
    """What a cell has; a result that the file has not is the one that was computed."""
    if place is None:
        return EMPTY
    sheet = (sheets.before, sheets.after)[side]
    value, formula = sheet.values.get(place), sheet.formulas.get(place)
    if formula is None and any(area.contains(*place) for area in sheet.areas):
        return Content(value, FILLED)
    if value is None and formula is not None:
        return Content(sheets.results[side].get(place), formula)  # type: ignore[arg-type]
    return Content(value, formula)


def _is_due(sheets: AlignedSheets, side: int, place: Place | None) -> bool | None:
    """Whether it has the formula that the layout has for it; None where that has none."""
    if place is None:
        return None
    wanted = sheets.formulas[side].get(place)
    sheet = (sheets.before, sheets.after)[side]
    formula = sheet.formulas.get(place)
    return None if wanted is None or formula is None else same_formula(formula, wanted)


def _named(sheet: SheetCells, place: Place | None) -> CellPlace | None:
    return None if place is None else CellPlace(sheet.name, format_cell(*place))


def _plain(content: CellContent) -> CellContent:
    """A figure that was computed here, without the digits that no cell shows."""
    if isinstance(content, Decimal):
        return content.normalize() if content != content.to_integral_value() else content
    return content
