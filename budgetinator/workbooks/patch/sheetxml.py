"""Changing cells in a worksheet part: a plan of splices, made by reading the part once.

Chosen: find everything out first, as offsets, and write in a second reading,
which is then a plain copy with splices. So a refusal comes before the first
byte is written, and memory depends on the changes, not on the sheet. Cost: the
part is inflated twice. Rejected: editing while writing, which has to take back
what it wrote when a merged area at the end of the part hides the cell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.patch.cells import CellContent
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements, parse_head
from budgetinator.workbooks.patch.exactscan import ExactRows
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.rowscan import NotPlain, Outline, PlainRows
from budgetinator.workbooks.patch.rowxml import CellStyles, Row, edit_row, new_row
from budgetinator.workbooks.patch.sharing import SharedMaster, Succession, shared_master
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.tags import escape_attribute, opened_tag, set_attribute

__all__ = ["Contents", "SheetPlan", "plan_sheet"]

Contents = Mapping[int, Mapping[int, CellContent]]  # by row, by column
OpenSheet = Callable[[], Iterable[bytes]]

_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_AREA_FORMULA = re.compile(
    rb"<(?:[\w.-]+:)?f(?=\s)[^>]*?\st\s*=\s*[\"'](?:array|dataTable)[\"'][^>]*>"
)
_ROWS = re.compile(r"[A-Z]{1,3}(\d{1,7}):[A-Z]{1,3}(\d{1,7})")
_ATTRIBUTE = re.compile(rb"\s(t|ref)\s*=\s*[\"']([^\"']*)[\"']")


@dataclass(slots=True)
class SheetPlan:
    """What changing the cells of a sheet comes to, in the part's bytes as UTF-8."""

    splices: list[Splice] = field(default_factory=list)
    cells_written: int = 0
    has_formulas: bool = False
    formulas_added: bool = False
    formulas_removed: bool = False


def plan_sheet(
    open_sheet: OpenSheet, contents: Contents, dated: Callable[[int, int], int], site: Site
) -> SheetPlan:
    """The splices that put the contents into the sheet.

    `open_sheet` gives the part's bytes in UTF-8, from the start, each time it is
    called. Raises what `Site` makes, for cells that cannot be set and for damage.
    """
    try:
        try:
            editing = _plan_plain(open_sheet(), contents, dated, site)
        except (NotPlain, MarkupError):  # what is really broken, the exact reading names
            editing = _plan_exact(open_sheet(), contents, dated, site)
        if editing.masters:
            editing.plan.splices += _succession(open_sheet, contents, editing.masters, site)
    except MarkupError as error:
        raise site.damaged(str(error)) from error
    return editing.plan


def _plan_plain(
    chunks: Iterable[bytes], contents: Contents, dated: Callable[[int, int], int], site: Site
) -> _Editing:
    rows = PlainRows(chunks)
    editing = _Editing(rows.outline, contents, dated, site)
    wanted = sorted(contents)
    done = 0
    for block in rows.blocks():
        if block.has_formulas:
            editing.look_at_formulas(block.data, block.end)
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
    for reference in rows.merged_areas():
        editing.look_at_merged(reference)
    editing.finish(rows.closed)
    return editing


def _plan_exact(
    chunks: Iterable[bytes], contents: Contents, dated: Callable[[int, int], int], site: Site
) -> _Editing:
    found = _FoundRows(contents)
    rows = ExactRows(chunks, found.visit)
    editing = _Editing(rows.outline, contents, dated, site)
    for data in found.with_formulas:
        editing.look_at_formula_elements(data)
    editing.plan.has_formulas = found.has_formulas
    for number in rows.nested_rows:
        if number in contents:
            raise site.alternate(number)
    for number in sorted(contents):
        places = found.rows.get(number)
        if places:
            editing.change_split_row(number, places)
        else:
            editing.add_row(number, found.place(number, rows.closed))
    for reference in rows.merged_areas:
        editing.look_at_merged(reference)
    editing.finish(rows.closed)
    return editing


class _FoundRows:
    """The rows that are to change, and where those belong that are not there."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._missing = sorted(contents, reverse=True)
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
        if number in self._contents:
            self.rows.setdefault(number, []).append((start, data))
        self.has_formulas = self.has_formulas or _FORMULA.search(data) is not None
        if b"array" in data or b"dataTable" in data:
            self.with_formulas.append(data)

    def place(self, number: int, closed: int) -> int:
        return self._places.get(number, closed) if self._in_order else closed


class _Editing:
    def __init__(
        self, outline: Outline, contents: Contents, dated: Callable[[int, int], int], site: Site
    ) -> None:
        self.plan = SheetPlan()
        self.masters: list[SharedMaster] = []
        self._outline = outline
        self._contents = contents
        self._rows = sorted(contents)
        self._site = site
        self._root = parse_head(outline.head)
        self._styles = CellStyles(_column_styles(self._root), dated)
        self._extent: Area | None = None
        self._new_rows = False

    def change_row(self, number: int, start: int, data: bytes) -> None:
        self._apply(Row(number, start, data), self._contents[number])

    def change_split_row(self, number: int, places: list[tuple[int, bytes]]) -> None:
        """Change a row that may stand in several pieces; new cells go into the last of them."""
        contents = dict(self._contents[number])
        rows = [Row(number, start, data) for start, data in places]
        for row in rows:
            if row.nested_columns() & contents.keys():
                raise self._site.alternate(number)
        columns = [column for row in rows for column in row.columns if column in contents]
        for column in columns:
            if columns.count(column) > 1:
                raise self._site.given_twice(number, column)
        for row in rows[:-1]:
            present = set(row.columns)
            self._apply(row, {c: contents.pop(c) for c in list(contents) if c in present})
        self._apply(rows[-1], contents)

    def add_row(self, number: int, at: int) -> None:
        contents = self._contents[number]
        xml = new_row(number, contents, self._styles, self._outline.prefix)
        if xml:
            self.plan.splices.append(Splice(at, at, xml))
            self._note_added(number, [c for c in contents if not contents[c].is_empty], contents)
            self._new_rows = True

    def look_at_formulas(self, data: bytes, end: int) -> None:
        """Note that there are formulas, and refuse cells within the area of one."""
        self.plan.has_formulas = True
        if b"array" in data or b"dataTable" in data:
            for found in _AREA_FORMULA.finditer(data, 0, end):
                attributes = dict(_ATTRIBUTE.findall(found[0]))
                self._check_formula_area(
                    attributes.get(b"ref", b"").decode("utf-8", "replace"),
                    attributes.get(b"t", b"").decode("utf-8", "replace"),
                )

    def look_at_formula_elements(self, row: bytes) -> None:
        """The same for a row in any markup."""
        for element in parse_elements(row).descendants():
            kind = element.attributes.get("t", "")
            if element.local == "f" and kind in {"array", "dataTable"}:
                self._check_formula_area(element.attributes.get("ref", ""), kind)

    def look_at_merged(self, reference: str) -> None:
        """Refuse cells that the merged area hides; most areas are told by their rows alone."""
        rows = _ROWS.fullmatch(reference)
        if rows is not None:
            following = bisect_left(self._rows, int(rows[1]))
            if following == len(self._rows) or self._rows[following] > int(rows[2]):
                return
        area = _area(reference)
        for row, column in self._touched(area):
            if area is not None and (row, column) != (area.min_row, area.min_col):
                raise self._site.merged(row, column, area)

    def finish(self, closed: int) -> None:
        """Add what the changes of cells need in the rest of the sheet."""
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

    def _apply(self, row: Row, contents: Mapping[int, CellContent]) -> None:
        columns = row.columns
        if len(set(columns)) < len(columns):
            for column in contents:
                if columns.count(column) > 1:
                    raise self._site.given_twice(row.number, column)
        edit = edit_row(row, contents, self._styles)
        self.plan.splices += edit.splices
        self.plan.cells_written += len(edit.replaced)
        for cell in edit.replaced:
            had, has = cell.formula is not None, contents[cell.column].is_formula
            self.plan.formulas_removed |= had and not has
            self.plan.formulas_added |= has and not had
            if master := shared_master(row, cell):
                self.masters.append(master)
        if edit.added:
            self._note_added(row.number, edit.added, contents)

    def _note_added(
        self, row: int, columns: list[int], contents: Mapping[int, CellContent]
    ) -> None:
        self.plan.cells_written += len(columns)
        self.plan.formulas_added |= any(contents[column].is_formula for column in columns)
        area = Area(row, min(columns), row, max(columns))
        self._extent = area if self._extent is None else _union(self._extent, area)

    def _check_formula_area(self, reference: str, kind: str) -> None:
        area = _area(reference)
        if area is None or area.cells == 1:
            return
        for row, column in self._touched(area):
            raise self._site.in_formula_area(row, column, area, kind)

    def _touched(self, area: Area | None) -> Iterator[tuple[int, int]]:
        """The cells to be changed that lie in the area."""
        if area is None:
            return
        rows: Iterable[int] = self._contents
        if area.rows < len(self._contents):
            rows = range(area.min_row, area.max_row + 1)
        for row in rows:
            for column in self._contents.get(row, ()):
                if area.contains(row, column):
                    yield row, column

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
    open_sheet: OpenSheet, contents: Contents, masters: list[SharedMaster], site: Site
) -> list[Splice]:
    """The splices that make other cells the masters; reads the sheet once more."""

    def new() -> Succession:
        return Succession(masters, lambda row, column: column in contents.get(row, ()), site)

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
