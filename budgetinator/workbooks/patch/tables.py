"""Tables of a sheet, whose column names are the texts of their header cells.

ECMA-376 part 1, section 18.5.1.2: Excel repairs, that is removes, a table whose
header cells and column names differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import Area, parse_range
from budgetinator.workbooks.patch.cells import CellContent, cell_content
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.parts import SmallPart, damaged_part
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.sheetedit import CellEdit, SheetEdit, columns_within
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import escape_attribute, set_attribute
from budgetinator.workbooks.reading.xmltext import unescaped

__all__ = ["follow_headers"]

Overwritten = Callable[[int, int, str], None]


def follow_headers(
    edit: PackageEdit, sheet: SheetEdit, site: Site, overwritten: Overwritten
) -> SheetEdit:
    """Name columns of tables by the texts that come into their header cells.

    `overwritten(row, column, table)` is told of each, and may raise. What comes back is
    the edit with texts in all header cells, as a table needs them. Raises InvalidCellValue
    for a formula in one.
    """
    for relationship in edit.package.relationships(site.part):
        if relationship.kind == "table" and edit.has(relationship.target):
            sheet = _Headers(edit.part(relationship.target), sheet, site).follow(overwritten)
    return sheet


class _Headers:
    def __init__(self, part: SmallPart, sheet: SheetEdit, site: Site) -> None:
        self._part = part
        self._sheet = sheet
        self._site = site
        try:
            self._table = parse_elements(part.data)
        except MarkupError as error:
            raise damaged_part(part.package, part.name, str(error)) from error
        attributes = self._table.attributes
        self._name = attributes.get("displayName") or attributes.get("name", "")
        columns = self._table.find("tableColumns")
        self._columns = list(columns.find_all("tableColumn")) if columns else []

    def follow(self, overwritten: Overwritten) -> SheetEdit:
        header = _header(self._table)
        if header is None or not self._stays(header):
            return self._sheet
        names = [column.attributes.get("name", "") for column in self._columns]
        changed: dict[int, CellEdit] = {}
        for row, column, cell in columns_within(self._sheet.cells, header):
            at = column - header.min_col
            if cell.changes_value and at < len(names) and not self._is_named(at, cell):
                overwritten(row, column, self._name)
                changed[at] = cell
        if not changed:
            return self._sheet
        kept = [name for at, name in enumerate(names) if at not in changed]
        texts = self._texts(header, changed, {name.casefold() for name in kept})
        self._part.edit(lambda data: splice_bytes(data, self._splices(data, texts)))
        return self._with_texts(header, changed, texts)

    def _with_texts(
        self, header: Area, changed: Mapping[int, CellEdit], texts: Mapping[int, str]
    ) -> SheetEdit:
        edits = dict(self._sheet.cells[header.min_row])
        for at, text in texts.items():
            content = changed[at].content
            if content is None or not content.is_text or _shown(changed[at]) != text:
                content = cell_content(text, since_1904=False)
                edit = replace(changed[at], content=content, removed=False)
                edits[header.min_col + at] = edit
        return replace(self._sheet, cells={**self._sheet.cells, header.min_row: edits})

    def _stays(self, header: Area) -> bool:
        """Whether the table will be there, and where it was."""
        if self._sheet.tables is None:
            return True
        form = self._sheet.tables.get(self._name)
        return form is not None and _corner(form.reference) == (header.min_row, header.min_col)

    def _is_named(self, at: int, cell: CellEdit) -> bool:
        """Whether the column will have the name of the cell's text anyway."""
        text = _shown(cell)
        if self._columns[at].attributes.get("name") == text:
            return True
        form = self._sheet.tables.get(self._name) if self._sheet.tables is not None else None
        return form is not None and at < len(form.columns) and form.columns[at] == text

    def _texts(
        self, header: Area, changed: Mapping[int, CellEdit], taken: set[str]
    ) -> dict[int, str]:
        """The names of the columns, no two of them alike."""
        texts: dict[int, str] = {}
        for at, cell in sorted(changed.items()):
            if cell.is_formula:
                reason = f"it heads a column of the table {self._name!r}, which a formula cannot"
                raise self._site.invalid(header.min_row, header.min_col + at, reason)
            text = _shown(cell) or f"Column{at + 1}"
            texts[at] = next(name for name in _alike(text) if name.casefold() not in taken)
            taken.add(texts[at].casefold())
        return texts

    def _splices(self, data: bytes, changed: Mapping[int, str]) -> Iterator[Splice]:
        for at, name in changed.items():
            column = self._columns[at]
            value = escape_attribute(name.replace("\n", "_x000a_"))
            tag = set_attribute(data[column.start : column.opened], b"name", value)
            yield Splice(column.start, column.opened, tag)


def _alike(text: str) -> Iterator[str]:
    yield text
    number = 1
    while True:
        number += 1
        yield f"{text}{number}"


def _shown(cell: CellEdit) -> str:
    """The text of what comes into a cell, escapes of section 22.9.2.19 left as they are."""
    content = cell.content
    if cell.removed or content is None or content.is_empty:
        return ""
    if content.is_markup:
        return _text_of(content)
    return unescaped(content.text.decode())


def _text_of(content: CellContent) -> str:
    root = parse_elements(b"<is>%b</is>" % content.text)
    return "".join(element.text for element in root.descendants() if element.local == "t")


def _header(table: Element) -> Area | None:
    if table.attributes.get("headerRowCount", "1").strip() == "0":
        return None
    try:
        area = parse_range(table.attributes.get("ref", ""))
    except InvalidCellReference:
        return None
    return Area(area.min_row, area.min_col, area.min_row, area.max_col)


def _corner(reference: str) -> tuple[int, int] | None:
    try:
        area = parse_range(reference)
    except InvalidCellReference:
        return None
    return area.min_row, area.min_col
