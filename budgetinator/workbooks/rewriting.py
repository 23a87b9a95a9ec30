"""A changed workbook written by openpyxl, to a stream, after what cannot be written was refused."""

from __future__ import annotations

import datetime as dt
import shutil
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from zipfile import ZIP64_LIMIT, ZIP_DEFLATED, ZipFile

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from budgetinator.workbooks.writable import check_writable

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["prepare", "write_workbook"]


def prepare(workbook: Workbook, path: str, full_before: frozenset[tuple[str, str]]) -> None:
    """Refuse what no file can hold, and have Excel compute anew on opening.

    openpyxl writes formulas without their results.
    """
    check_writable(workbook, path, full_before)
    book: Any = workbook
    if book.calculation is None:
        book.calculation = CalcProperties(fullCalcOnLoad=True)
    book.calculation.fullCalcOnLoad = True


def write_workbook(workbook: Workbook, stream: BinaryIO, level: int) -> None:
    """Write the whole workbook; it can be used and written again afterwards."""
    book: Any = workbook
    book.properties.modified = dt.datetime.now(tz=dt.UTC).replace(tzinfo=None)
    with ZipFile(stream, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=level) as archive:
        writer: Any = _Writer(workbook, archive)
        writer.write_data()


class _Writer(ExcelWriter):
    """openpyxl's writer, but for the files with plain data that it leaves when it is killed.

    It writes each sheet to a named file of the temporary folder first. This one has no name.
    """

    def write_worksheet(self, ws: Any) -> None:
        ws._drawing = SpreadsheetDrawing()  # noqa: SLF001  as openpyxl's own does
        ws._drawing.charts = ws._charts  # noqa: SLF001
        ws._drawing.images = ws._images  # noqa: SLF001
        with TemporaryFile() as sheet:
            writer: Any = WorksheetWriter(ws, sheet)
            writer.write()
            ws._rels = writer._rels  # noqa: SLF001
            large = sheet.tell() > ZIP64_LIMIT // 2
            sheet.seek(0)
            archive = cast("ZipFile", vars(self)["_archive"])
            with archive.open(ws.path[1:], "w", force_zip64=large) as target:
                shutil.copyfileobj(sheet, target, 1 << 20)
        self.manifest.append(ws)
