"""Which functions LibreOffice does not know, asked of itself in the same run.

An unknown function gives `#NAME?`, but `IFERROR` around it gives a figure that nobody
should take for a result. So each function's name that a workbook uses is called without
arguments in a workbook of its own, where only the unknown ones give that error.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence

from budgetinator.workbooks.patch.cells import escape_text
from budgetinator.workbooks.recalculation.computed import Computed

# What LibreOffice knows, but may not do here, because it asks other programs or computers.
_FORBIDDEN = frozenset({"WEBSERVICE", "DDE", "RTD"})

__all__ = ["probe_workbook", "unknown_functions"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/sheet.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="workbook.xml"/></Relationships>',
    "workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Functions" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="sheet.xml"/></Relationships>',
}


def probe_workbook(functions: Sequence[str]) -> bytes:
    """A workbook that calls each function once, in column A, from the first row on."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><f>%b()</f></c></row>' % (row, row, escape_text(name))
        for row, name in enumerate(functions, 1)
    )
    sheet = b'<worksheet xmlns="%b"><sheetData>%b</sheetData></worksheet>' % (_MAIN.encode(), rows)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name, text in _PARTS.items():
            package.writestr(name, text)
        package.writestr("sheet.xml", sheet)
    return stream.getvalue()


def unknown_functions(functions: Iterable[str], sheets: dict[str, Computed]) -> set[str]:
    """Those that LibreOffice did not know or may not use, from its results for the probe."""
    (results,) = sheets.values()
    unknown = set[str]()
    for row, name in enumerate(functions, 1):
        result = results.get((row, 1))
        is_forbidden = name.upper().removeprefix("_XLFN.") in _FORBIDDEN
        if is_forbidden or result is None or getattr(result, "value", None) == "#NAME?":
            unknown.add(name)
    return unknown
