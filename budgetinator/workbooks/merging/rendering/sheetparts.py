"""The parts that a sheet leads to, as openpyxl writes them: drawings, tables, pivot tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.xml.functions import tostring

from budgetinator.workbooks.merging.rendering.pictures import image_content, image_type
from budgetinator.workbooks.opc.relationships import Relationship

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.rendering.partstore import PartStore
    from budgetinator.workbooks.merging.rendering.sheetwriting import FrameWriter

__all__ = ["SheetParts"]

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


class SheetParts:
    """Writes sheets with what they lead to into a store, numbered in the order in which they come.

    The sheets must be stand-ins: openpyxl's writers leave their marks on them.
    """

    def __init__(self, store: PartStore) -> None:
        self._store = store
        self._numbers: dict[str, int] = {}
        self._caches: dict[int, str] = {}

    def add_worksheet(self, name: str, sheet: Any, writer: FrameWriter) -> None:
        """A worksheet by its writer, and its drawing, tables and pivot tables."""
        self._store.add(name, writer.content(), _SHEET)
        tables = {table._rel_id: table for table in sheet._tables.values()}  # noqa: SLF001
        for entry in writer._rels:  # noqa: SLF001
            if entry.Id in tables:
                target = self._add_table(tables[entry.Id])
            elif entry.TargetMode == "External":
                target = entry.Target
            else:
                target = self._add_drawing(sheet._charts, sheet._images)  # noqa: SLF001
            self._lead(name, entry.Id, entry.Type, target, external=bool(entry.TargetMode))
        for number, pivot in enumerate(sheet._pivots, 1):  # noqa: SLF001
            self._lead(name, f"pivot{number}", pivot.rel_type, self._add_pivot(pivot))

    def add_chartsheet(self, name: str, sheet: Any) -> None:
        """A chart sheet and its drawing."""
        if not sheet._charts:  # noqa: SLF001
            sheet.drawing = None
        self._store.add(name, tostring(sheet.to_tree()), sheet.mime_type)
        if sheet._charts:  # noqa: SLF001
            drawing = self._add_drawing(sheet._charts, [])  # noqa: SLF001
            self._lead(name, "rId1", f"{_OFFICE}/drawing", drawing)

    def _add_drawing(self, charts: list[Any], images: list[Any]) -> str:
        drawing: Any = SpreadsheetDrawing()
        drawing.charts, drawing.images = charts, images
        drawing._id = self._number("drawing")  # noqa: SLF001
        for chart in charts:
            chart._id = self._number("chart")  # noqa: SLF001
            self._store.add(chart.path[1:], tostring(chart._write()), chart.mime_type)  # noqa: SLF001
        for image in images:
            image._id = self._number("image")  # noqa: SLF001
            content, image.format = image_content(image)
            self._store.add(image.path[1:], content, image_type(image.format))
        name: str = drawing.path[1:]
        self._store.add(name, tostring(drawing._write()), drawing.mime_type)  # noqa: SLF001
        for number, entry in enumerate(drawing._rels, 1):  # noqa: SLF001
            self._lead(name, f"rId{number}", entry.Type, entry.Target[1:])
        return name

    def _add_table(self, table: Any) -> str:
        table.id = self._number("table")
        name: str = table.path[1:]
        self._store.add(name, tostring(table.to_tree()), table.mime_type)
        return name

    def _add_pivot(self, pivot: Any) -> str:
        name = f"xl/pivotTables/pivotTable{self._number('pivotTable')}.xml"
        with _kept(pivot, "id"):
            pivot.id = "rId1"
            self._store.add(name, tostring(pivot.to_tree()), pivot.mime_type)
        if pivot.cache is not None:
            self._lead(name, "rId1", pivot.cache.rel_type, self._add_cache(pivot.cache))
        return name

    def _add_cache(self, cache: Any) -> str:
        known = self._caches.get(id(cache))
        if known is not None:
            return known
        number = self._number("pivotCache")
        name = f"xl/pivotCache/pivotCacheDefinition{number}.xml"
        self._caches[id(cache)] = name
        with _kept(cache, "id"):
            cache.id = "rId1" if cache.records is not None else None
            self._store.add(name, tostring(cache.to_tree()), cache.mime_type)
        if cache.records is not None:
            records = f"xl/pivotCache/pivotCacheRecords{number}.xml"
            self._store.add(records, tostring(cache.records.to_tree()), cache.records.mime_type)
            self._lead(name, "rId1", cache.records.rel_type, records)
        return name

    def _lead(
        self, part: str, name: str, kind: str, target: str, *, external: bool = False
    ) -> None:
        self._store.lead(part, Relationship(name, kind, target, external))

    def _number(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]


@contextmanager
def _kept(thing: Any, name: str) -> Iterator[None]:
    """Give an attribute its value back; pivot tables are too large to be copied."""
    held = getattr(thing, name)
    try:
        yield
    finally:
        setattr(thing, name, held)
