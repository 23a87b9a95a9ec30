"""Shared formulas whose master is replaced (ECMA-376 part 1, section 18.3.1.40).

The text of a shared formula stands in its master alone. When that cell gets
another content, the next cell that depends on it becomes the master, with the
text translated to its place; those after it stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, format_cell, parse_range
from budgetinator.workbooks.patch.elements import Element
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.rowcells import Row, RowCell
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.tags import escape_attribute, opened_tag, set_attribute

__all__ = ["SharedMaster", "Succession", "shared_index", "shared_master"]


@dataclass(frozen=True, slots=True)
class SharedMaster:
    """A cell that holds the text of a shared formula."""

    index: str
    row: int
    column: int
    area: Area
    text: str


def shared_index(formula: Element | None) -> str | None:
    """The index of the shared formula that this one is a part of, or None."""
    if formula is None or formula.attributes.get("t") != "shared":
        return None
    return formula.attributes.get("si")


def shared_master(row: Row, cell: RowCell) -> SharedMaster | None:
    """What the cell holds for others, or None."""
    if b"shared" not in cell.body:
        return None
    formula = cell.formula
    index = shared_index(formula)
    if formula is None or index is None or not formula.text:
        return None
    try:
        area = parse_range(formula.attributes.get("ref", ""))
    except InvalidCellReference:
        area = Area(row.number, cell.column, row.number, cell.column)
    return SharedMaster(index, row.number, cell.column, area, formula.text)


class Succession:
    """Finds the next master for each one that is replaced, from the rows in the file's order."""

    def __init__(
        self,
        masters: Iterable[SharedMaster],
        is_changed: Callable[[int, int], bool],
        site: Site,
    ) -> None:
        self._site = site
        self._masters = {(master.row, master.column): master for master in masters}
        self._is_changed = is_changed
        self._current: dict[str, SharedMaster | None] = {}
        self._early: dict[str, tuple[Row, RowCell]] = {}
        self.splices: list[Splice] = []
        indices = b"|".join(sorted({re.escape(m.index.encode()) for m in self._masters.values()}))
        self._mark = re.compile(rb"\ssi\s*=\s*[\"'](?:%b)[\"']" % indices)

    def concerns(self, data: bytes) -> bool:
        """Whether the rows in the data may hold one of these formulas."""
        return self._mark.search(data) is not None

    def row(self, number: int, offset: int, data: bytes) -> None:
        """Look at a row; those that `concerns` denies may be left out."""
        row = Row(number, offset, data)
        for cell in row.cells:
            if self._mark.search(cell.body) and (index := shared_index(cell.formula)) is not None:
                self._visit(row, cell, index)

    def _visit(self, row: Row, cell: RowCell, index: str) -> None:
        place = (row.number, cell.column)
        formula = cell.formula
        if place in self._masters:
            self._current[index] = self._masters[place]
            if early := self._early.pop(index, None):
                self._promote(*early, index)
        elif formula is not None and formula.text:
            self._current[index] = None
            self._early.pop(index, None)
        elif self._is_changed(*place):
            return
        elif self._current.get(index) is not None:
            self._promote(row, cell, index)
        elif index not in self._current:
            self._early.setdefault(index, (row, cell))

    def _promote(self, row: Row, cell: RowCell, index: str) -> None:
        master, formula = self._current[index], cell.formula
        if master is None or formula is None:
            return
        self._current[index] = None
        reference = format_cell(row.number, cell.column)
        text = self._translated(master, reference)
        area = _remaining(master.area, row.number, cell.column)
        tag = opened_tag(row.data[formula.start : formula.opened])
        tag = set_attribute(tag, b"ref", escape_attribute(str(area)))
        xml = tag + _escaped(text) + b"</%bf>" % row.prefix
        self.splices.append(Splice(row.offset + formula.start, row.offset + formula.end, xml))

    def _translated(self, master: SharedMaster, reference: str) -> str:
        from openpyxl.formula.translate import Translator, TranslatorError

        origin = format_cell(master.row, master.column)
        try:
            text: str = Translator("=" + master.text, origin=origin).translate_formula(reference)
        except (TranslatorError, ValueError, IndexError):
            raise self._site.unshared(origin, reference) from None
        return text.removeprefix("=")


def _remaining(area: Area, row: int, column: int) -> Area:
    """What is left of a master's area when this is the first, row by row, that depends on it."""
    if not area.contains(row, column):
        return Area(
            min(area.min_row, row),
            min(area.min_col, column),
            max(area.max_row, row),
            max(area.max_col, column),
        )
    left = column if row == area.max_row else area.min_col
    return Area(row, left, area.max_row, area.max_col)


def _escaped(text: str) -> bytes:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
