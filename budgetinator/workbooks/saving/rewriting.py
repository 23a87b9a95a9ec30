"""A changed workbook written by openpyxl, to a stream, after what cannot be written was refused."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from zipfile import ZIP64_LIMIT, ZIP_DEFLATED, ZipFile

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import ARC_WORKBOOK_RELS
from openpyxl.xml.functions import fromstring, tostring

from budgetinator.workbooks.changes.writable import check_writable

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["note_recalculation", "prepare", "write_workbook"]

_MACROS = "xl/vbaProject.bin"


def prepare(workbook: Workbook, path: str, full_before: frozenset[tuple[str, str]]) -> None:
    """Refuse what no file can hold, and have Excel compute anew on opening.

    openpyxl writes formulas without their results.
    """
    check_writable(workbook, path, full_before)
    note_recalculation(workbook)


def note_recalculation(workbook: Workbook) -> None:
    """Have the workbook say what its file does: that it is to be computed anew on opening."""
    book: Any = workbook
    if book.calculation is None:
        book.calculation = CalcProperties(fullCalcOnLoad=True)
    book.calculation.fullCalcOnLoad = True


def write_workbook(workbook: Workbook, stream: BinaryIO, level: int) -> None:
    """Write the whole workbook; it can be used and written again afterwards."""
    book: Any = workbook
    book.properties.modified = dt.datetime.now(tz=dt.UTC).replace(tzinfo=None)
    archive = _Archive(stream, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=level)
    archive.has_macros = book.vba_archive is not None and _MACROS in book.vba_archive.namelist()
    with _kept_images(book), archive:
        writer: Any = _Writer(workbook, archive)
        writer.write_data()


@contextmanager
def _kept_images(workbook: Any) -> Iterator[None]:
    """Give images back what they were read from: openpyxl closes it when it has written them."""
    images = [image for sheet in workbook._sheets for image in getattr(sheet, "_images", ())]  # noqa: SLF001
    held = [(image, image.ref.getvalue()) for image in images if isinstance(image.ref, BytesIO)]
    try:
        yield
    finally:
        for image, content in held:
            image.ref = BytesIO(content)


class _Archive(ZipFile):
    """Without the way to macros that are not there.

    openpyxl leads from every macro-enabled workbook to a part of macros, and such a
    workbook need not have one.
    """

    has_macros = False

    def writestr(self, zinfo_or_arcname: Any, data: Any, *how: Any, **named: Any) -> None:
        if zinfo_or_arcname == ARC_WORKBOOK_RELS and not self.has_macros:
            root = fromstring(data)
            for relationship in [each for each in root if each.get("Target") == "vbaProject.bin"]:
                root.remove(relationship)
            data = tostring(root)
        super().writestr(zinfo_or_arcname, data, *how, **named)


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
