"""Changing rows and cells in a worksheet part: a plan of splices, made by reading it once.

Chosen: find everything out first, as offsets, and write in a second reading,
which is then a plain copy with splices. So a refusal comes before the first
byte is written, and memory depends on the changes, not on the sheet. Cost: the
part is inflated twice, unless the pieces that the reading came by are kept (`spool`).
Rejected: editing while writing, which has to take back what it wrote when a merged
area at the end of the part hides the cell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, format_cell, parse_range
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_head
from budgetinator.workbooks.patch.exactscan import ExactRows
from budgetinator.workbooks.patch.formulaareas import FormulaAreas
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.rowcells import Row
from budgetinator.workbooks.patch.rowscan import NotPlain, OnPiece, Outline, PlainRows
from budgetinator.workbooks.patch.rowxml import SheetLooks, edit_row, new_row
from budgetinator.workbooks.patch.sharing import SharedMaster, Succession, shared_master
from budgetinator.workbooks.patch.sheetedit import (
    CellEdit,
    CellLooks,
    SheetEdit,
    columns_within,
)
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.tags import escape_attribute, opened_tag, set_attribute

__all__ = ["SheetPlan", "plan_sheet"]

OpenSheet = Callable[[], Iterable[bytes]]

_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_ROWS = re.compile(r"[A-Z]{1,3}(\d{1,7}):[A-Z]{1,3}(\d{1,7})")
_NO_EDITS: Mapping[int, CellEdit] = {}
_NO_ATTRIBUTES: Mapping[bytes, bytes | None] = {}


@dataclass(slots=True)
class SheetPlan:
    """What changing a sheet's rows comes to, in the part's bytes as UTF-8.

    `losses` are a kind and what it is; `values_changed` whether any cell holds something else.
    """

    splices: list[Splice] = field(default_factory=list)
    cells_written: int = 0
    has_formulas: bool = False
    formulas_added: bool = False
    formulas_removed: bool = False
    values_changed: bool = False
    losses: list[tuple[str, str]] = field(default_factory=list)


def plan_sheet(
    open_sheet: OpenSheet,
    edit: SheetEdit,
    looks: CellLooks,
    site: Site,
    on_piece: OnPiece | None = None,
) -> SheetPlan:
    """The splices that make the sheet's rows so.

    `open_sheet` gives the part's bytes in UTF-8, from the start, each time it is
    called. `on_piece` gets what is read, as `PlainRows` has it, and not all of it where the
    markup is not plain. Raises what `Site` makes, for cells that cannot be set and for damage.
    """
    try:
        try:
            editing = _plan_plain(PlainRows(open_sheet(), on_piece), edit, looks, site)
        except (NotPlain, MarkupError):  # what is really broken, the exact reading names
            editing = _plan_exact(open_sheet(), edit, looks, site)
        if editing.masters:
            editing.plan.splices += _succession(open_sheet, edit, editing.masters, site)
    except MarkupError as error:
        raise site.damaged(str(error)) from error
    return editing.plan


def _plan_plain(rows: PlainRows, edit: SheetEdit, looks: CellLooks, site: Site) -> _Editing:
    editing = _Editing(rows.outline, edit, looks, site)
    wanted = edit.numbers
    done = 0
    for block in rows.blocks():
        if block.has_formulas:
            editing.plan.has_formulas = True
            editing.areas.look_at(block.data, block.end)
        while done < len(wanted) and wanted[done] <= block.numbers[-1]:
            number = wanted[done]
            index = bisect_left(block.numbers, number)
            start = block.offset + block.starts[index]
            if block.numbers[index] == number:
                editing.change_row(number, start, block.row(index))
            else:
                editing.add_row(number, start)
            done += 1
    for number in wanted[done:]:
        editing.add_row(number, rows.closed)
    if edit.respects_areas:
        for reference in rows.merged_areas():
            editing.look_at_merged(reference)
    editing.finish(rows.closed)
    return editing


def _plan_exact(chunks: Iterable[bytes], edit: SheetEdit, looks: CellLooks, site: Site) -> _Editing:
    numbers = edit.numbers
    found = _FoundRows(numbers)
    rows = ExactRows(chunks, found.visit)
    editing = _Editing(rows.outline, edit, looks, site)
    for data in found.with_formulas:
        editing.areas.look_at_row(data)
    editing.plan.has_formulas = found.has_formulas
    for number in rows.nested_rows:
        if number in set(numbers):
            raise site.alternate(number)
    for number in numbers:
        places = found.rows.get(number)
        if places:
            editing.change_split_row(number, places)
        else:
            editing.add_row(number, found.place(number, rows.closed))
    if edit.respects_areas:
        for reference in rows.merged_areas:
            editing.look_at_merged(reference)
    editing.finish(rows.closed)
    return editing


class _FoundRows:
    """The rows that are to change, and where those belong that are not there."""

    def __init__(self, numbers: list[int]) -> None:
        self._wanted = frozenset(numbers)
        self._missing = numbers[::-1]
        self._places: dict[int, int] = {}
        self._last = 0
        self._in_order = True
        self.rows: dict[int, list[tuple[int, bytes]]] = {}
        self.with_formulas: list[bytes] = []
        self.has_formulas = False

    def visit(self, number: int, start: int, data: bytes) -> None:
        self._in_order = self._in_order and number > self._last
        self._last = number
        while self._missing and self._missing[-1] < number:
            self._places[self._missing.pop()] = start
        if number in self._wanted:
            self.rows.setdefault(number, []).append((start, data))
        self.has_formulas = self.has_formulas or _FORMULA.search(data) is not None
        if b"array" in data or b"dataTable" in data:
            self.with_formulas.append(data)

    def place(self, number: int, closed: int) -> int:
        return self._places.get(number, closed) if self._in_order else closed


class _Editing:
    def __init__(self, outline: Outline, edit: SheetEdit, looks: CellLooks, site: Site) -> None:
        self.plan = SheetPlan()
        self.masters: list[SharedMaster] = []
        self.areas = FormulaAreas(edit, site)
        self._outline = outline
        self._edit = edit
        self._rows = edit.numbers
        self._site = site
        self._root = parse_head(outline.head)
        self._looks = SheetLooks(_column_styles(self._root), looks)
        self._extent: Area | None = None
        self._new_rows = False

    def change_row(self, number: int, start: int, data: bytes) -> None:
        cells = self._edit.cells.get(number, _NO_EDITS)
        self._apply(Row(number, start, data), cells, self._attributes(number), goes=True)

    def change_split_row(self, number: int, places: list[tuple[int, bytes]]) -> None:
        """Change a row that may stand in several pieces; new cells go into the last of them."""
        cells = dict(self._edit.cells.get(number, _NO_EDITS))
        rows = [Row(number, start, data) for start, data in places]
        for row in rows:
            if row.nested_columns() & cells.keys():
                raise self._site.alternate(number)
        columns = [column for row in rows for column in row.columns if column in cells]
        for column in columns:
            if columns.count(column) > 1:
                raise self._site.given_twice(number, column)
        for row in rows[:-1]:
            present = set(row.columns)
            own = {c: cells.pop(c) for c in list(cells) if c in present}
            self._apply(row, own, self._attributes(number))
        self._apply(rows[-1], cells, self._attributes(number))

    def add_row(self, number: int, at: int) -> None:
        cells = self._edit.cells.get(number, _NO_EDITS)
        attributes, prefix = self._attributes(number), self._outline.prefix
        xml, added = new_row(number, cells, attributes, self._looks, prefix)
        if xml:
            self.plan.splices.append(Splice(at, at, xml))
            self._new_rows = True
        if added:
            self._note_added(number, added, cells)

    def look_at_merged(self, reference: str) -> None:
        """Refuse cells that the merged area hides; most areas are told by their rows alone."""
        rows = _ROWS.fullmatch(reference)
        if rows is not None:
            following = bisect_left(self._rows, int(rows[1]))
            if following == len(self._rows) or self._rows[following] > int(rows[2]):
                return
        area = _area(reference)
        if area is None:
            return
        for row, column, _ in columns_within(self._edit.cells, area):
            if (row, column) != (area.min_row, area.min_col):
                raise self._site.merged(row, column, area)

    def finish(self, closed: int) -> None:
        """Add what the changes of cells need in the rest of the sheet."""
        self.plan.losses += self.areas.losses
        self._widen_dimension()
        if not self._new_rows:
            return
        outline, name = self._outline, b"%bsheetData" % self._outline.prefix
        if outline.start is None:
            self.plan.splices.insert(0, Splice(closed, closed, b"<%b>" % name))
            self.plan.splices.append(Splice(closed, closed, b"</%b>" % name))
        elif outline.is_empty_tag:
            tag = opened_tag(outline.head[outline.start :])
            self.plan.splices.append(Splice(outline.start, outline.opened, tag))
            self.plan.splices.append(Splice(closed, closed, b"</%b>" % name))

    def _attributes(self, number: int) -> Mapping[bytes, bytes | None]:
        return self._edit.rows.get(number, _NO_ATTRIBUTES)

    def _apply(
        self,
        row: Row,
        cells: Mapping[int, CellEdit],
        attributes: Mapping[bytes, bytes | None],
        *,
        goes: bool = False,
    ) -> None:
        columns = row.columns
        if len(set(columns)) < len(columns):
            for column in cells:
                if columns.count(column) > 1:
                    raise self._site.given_twice(row.number, column)
        done = edit_row(row, cells, attributes, self._looks, goes=goes)
        plan = self.plan
        plan.splices += done.splices
        plan.cells_written += done.changed
        plan.values_changed |= bool(done.replaced)
        for cell in done.replaced:
            had, has = cell.has_formula, cells[cell.column].is_formula
            plan.formulas_removed |= had and not has
            plan.formulas_added |= has and not had
            if cells[cell.column].unseen and cell.holds_value:
                reference = format_cell(row.number, cell.column)
                what = f"what stands in {reference}, which openpyxl did not show"
                plan.losses.append(("hidden_value", what))
            if had and (master := shared_master(row, cell)):
                self.masters.append(master)
        if done.added:
            self._note_added(row.number, done.added, cells)

    def _note_added(self, row: int, columns: list[int], cells: Mapping[int, CellEdit]) -> None:
        self.plan.cells_written += len(columns)
        self.plan.values_changed |= any(cells[column].changes_value for column in columns)
        self.plan.formulas_added |= any(cells[column].is_formula for column in columns)
        area = Area(row, min(columns), row, max(columns))
        self._extent = area if self._extent is None else _union(self._extent, area)

    def _widen_dimension(self) -> None:
        element = self._root.find("dimension")
        area = _area(element.attributes.get("ref", "")) if element else None
        if element is None or area is None or self._extent is None:
            return
        wide = _union(area, self._extent)
        if wide != area:
            tag = self._outline.head[element.start : element.opened]
            tag = set_attribute(tag, b"ref", escape_attribute(str(wide)))
            self.plan.splices.append(Splice(element.start, element.opened, tag))


def _succession(
    open_sheet: OpenSheet, edit: SheetEdit, masters: list[SharedMaster], site: Site
) -> list[Splice]:
    """The splices that make other cells the masters; reads the sheet once more."""

    def is_changed(row: int, column: int) -> bool:
        cell = edit.cells.get(row, _NO_EDITS).get(column)
        return cell is not None and cell.changes_value

    def new() -> Succession:
        return Succession(masters, is_changed, site)

    succession = new()
    try:
        for block in PlainRows(open_sheet()).blocks():
            if succession.concerns(block.data):
                for index, number in enumerate(block.numbers):
                    data = block.row(index)
                    if succession.concerns(data):
                        succession.row(number, block.offset + block.starts[index], data)
    except NotPlain:
        succession = new()
        exact = succession

        def visit(number: int, start: int, data: bytes) -> None:
            if exact.concerns(data):
                exact.row(number, start, data)

        ExactRows(open_sheet(), visit)
    return succession.splices


def _column_styles(root: Element) -> tuple[tuple[int, int, int], ...]:
    columns = root.find("cols")
    if columns is None:
        return ()
    styles = []
    for column in columns.find_all("col"):
        try:
            first, last, style = (
                int(column.attributes.get(name, "0")) for name in ("min", "max", "style")
            )
        except ValueError:
            continue
        if style:
            styles.append((first, last, style))
    return tuple(styles)


def _area(reference: str) -> Area | None:
    try:
        return parse_range(reference)
    except InvalidCellReference:
        return None


def _union(one: Area, other: Area) -> Area:
    return Area(
        min(one.min_row, other.min_row),
        min(one.min_col, other.min_col),
        max(one.max_row, other.max_row),
        max(one.max_col, other.max_col),
    )
