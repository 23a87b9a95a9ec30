"""Single cells of a file: what each holds, value and formula, without reading the others.

The rows before are passed over as bytes, and only the wanted ones are parsed. Where the
sheet's markup is odd, everything up to them is parsed instead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing

from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.formulas import formula_cells
from budgetinator.workbooks.patch.parts import PartSource
from budgetinator.workbooks.patch.rowscan import NotPlain, PlainRows
from budgetinator.workbooks.reading.celltexts import CellTexts
from budgetinator.workbooks.reading.exactcells import BrokenCell, Content, ExactCells
from budgetinator.workbooks.reading.numberformats import Calendar
from budgetinator.workbooks.reading.sharedformulas import SharedFormulas
from budgetinator.workbooks.reading.sharedstrings import SharedStrings
from budgetinator.workbooks.reading.sheetrows import read_contents

__all__ = ["read_cells"]

Wanted = Mapping[int, Collection[int]]
Found = dict[tuple[int, int], Content]

_SHARED = "="  # what is known of a formula that stands in another cell


def read_cells(package: Package, sheet: SheetEntry, wanted: Wanted) -> Found:
    """The cells of these rows and columns that hold something; raises as `iter_values` does."""
    texts = CellTexts(Calendar.of(package), SharedStrings(package))
    try:
        found = _plainly(package, sheet, wanted, texts)
    except (NotPlain, BrokenCell):  # what is really broken, the exact reading names
        return _exactly(package, sheet, wanted, texts)
    shared = {place for place, content in found.items() if content.formula == _SHARED}
    if shared:
        for place, formula in _shared_formulas(package, sheet, shared):
            found[place] = found[place]._replace(formula=formula)
    return found


def _plainly(package: Package, sheet: SheetEntry, wanted: Wanted, texts: CellTexts) -> Found:
    numbers = sorted(wanted, reverse=True)
    found: Found = {}
    rows = PlainRows(PartSource(package, sheet.part).text())
    head = rows.outline.head.decode()
    for block in rows.blocks():
        while numbers and numbers[-1] <= block.numbers[-1]:
            number = numbers.pop()
            index = bisect_left(block.numbers, number)
            if block.numbers[index] == number:
                row = head + block.row(index).decode()
                found |= _picked(number, _parsed(row, texts), wanted[number])
        if not numbers:
            break
    return found


def _parsed(row: str, texts: CellTexts) -> list[Content]:
    cells: list[Content] = []
    exact = ExactCells(texts, lambda _number, found: cells.extend(found), formulas=True)
    exact.feed(row)
    return cells


def _exactly(package: Package, sheet: SheetEntry, wanted: Wanted, texts: CellTexts) -> Found:
    found: Found = {}
    last = max(wanted)
    with closing(read_contents(package, sheet, texts)) as rows:
        for number, cells in rows:
            if number > last:
                break
            if number in wanted:
                found |= _picked(number, cells, wanted[number])
    return found


def _picked(number: int, cells: list[Content], columns: Collection[int]) -> Found:
    return {
        (number, column): cells[column - 1]
        for column in columns
        if column <= len(cells) and cells[column - 1] != (None, None)
    }


def _with_newlines(text: str) -> str:
    """Line ends as a parser gives them (XML 1.0, section 2.11)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shared_formulas(
    package: Package, sheet: SheetEntry, places: Collection[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], str]]:
    """The texts of formulas that these cells share from others, which stand before them."""
    formulas = SharedFormulas()
    last = max(places)
    for cell in formula_cells(PartSource(package, sheet.part).text):
        place = cell.row, cell.column
        if place > last:
            return
        if cell.kind == "shared" and (cell.text or place in places):
            attributes = {"t": "shared", "si": cell.index or ""}
            text = formulas.text(attributes, _with_newlines(cell.text), *place)
            if place in places:
                yield place, text
