"""Small real workbooks."""

from __future__ import annotations

import os
import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
from openpyxl.drawing.image import Image
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table
from PIL import Image as Picture

__all__ = [
    "add_printer_settings",
    "add_table",
    "descriptors_on",
    "make_budget",
    "make_macro_budget",
    "make_unreadable_drawing",
    "parts_of",
    "picture",
]

_SETTINGS = "xl/printerSettings/printerSettings1.bin"
_RELATIONSHIPS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument'
    '/2006/relationships/printerSettings" Target="../printerSettings/printerSettings1.bin"/>'
    "</Relationships>"
)


def make_budget(path: Path) -> Path:
    book = openpyxl.Workbook()
    plan = book.active
    plan.title = "Plan"
    for row in (("Item", "Cost", "Total"), ("Travel", 100.5, None), ("Staff", 200, "=B2+B3")):
        plan.append(row)
    book.create_sheet("Notes")["A1"] = "as agreed"
    book.defined_names["Costs"] = DefinedName("Costs", attr_text="Plan!$B$2:$B$3")
    book.save(path)
    return path


def make_macro_budget(path: Path, *, macros: bool = True) -> Path:
    """With a part of macros in it, which nobody here runs, or of that type without them."""
    make_budget(path)
    types = parts_of(path)["[Content_Types].xml"].decode()
    types = types.replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    if not macros:
        _change(path, {"[Content_Types].xml": types.encode()})
        return path
    types = types.replace(
        "</Types>",
        '<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"'
        "/></Types>",
    )
    relationships = parts_of(path)["xl/_rels/workbook.xml.rels"].decode()
    relationships = relationships.replace(
        "</Relationships>",
        '<Relationship Id="rId99" Target="vbaProject.bin" '
        'Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject"/>'
        "</Relationships>",
    )
    _change(
        path,
        {
            "[Content_Types].xml": types.encode(),
            "xl/_rels/workbook.xml.rels": relationships.encode(),
            "xl/vbaProject.bin": b"macros" * 20,
        },
    )
    return path


def add_printer_settings(path: Path) -> Path:
    """A part that openpyxl drops when it saves."""
    types = parts_of(path)["[Content_Types].xml"].decode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"
    types = types.replace("<Default", f'<Default Extension="bin" ContentType="{kind}"/><Default', 1)
    sheet = parts_of(path)["xl/worksheets/sheet1.xml"].decode()
    sheet = sheet.replace(
        "</worksheet>",
        '<pageSetup xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        'r:id="rId1"/></worksheet>',
    )
    _change(
        path,
        {
            "[Content_Types].xml": types.encode(),
            "xl/worksheets/sheet1.xml": sheet.encode(),
            "xl/worksheets/_rels/sheet1.xml.rels": _RELATIONSHIPS.encode(),
            _SETTINGS: b"printer",
        },
    )
    return path


def add_table(path: Path) -> Path:
    """A sheet with a table, whose column names are the texts of its header cells."""
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("Costs")
    for row in (["Item", "Cost"], ["Travel", 100]):
        sheet.append(row)
    sheet.add_table(Table(displayName="Costs", ref="A1:B2"))
    book.save(path)
    return path


def picture() -> Image:
    content = BytesIO()
    Picture.new("RGB", (8, 5), "navy").save(content, "PNG")
    return Image(content)


def make_unreadable_drawing(path: Path) -> Path:
    """A picture on the sheet Plan, in a drawing with a text box that stops openpyxl's reader."""
    book = openpyxl.load_workbook(path)
    book["Plan"].add_image(picture(), "H1")
    book.save(path)
    drawing = parts_of(path)["xl/drawings/drawing1.xml"]
    shape = (
        b'<absoluteAnchor><pos x="1" y="1"/><ext cx="9" cy="9"/><sp macro="" textlink="">'
        b'<nvSpPr><cNvPr id="77" name="Box"/><cNvSpPr txBox="1"/></nvSpPr><spPr>'
        b'<a:prstGeom xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        b'prst="rect" unheard="1"/></spPr></sp><clientData/></absoluteAnchor>'
    )
    end = drawing.rindex(b"</")
    _change(path, {"xl/drawings/drawing1.xml": drawing[:end] + shape + drawing[end:]})
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def descriptors_on(folder: Path) -> list[str]:
    """The files of the folder that this process has open."""
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    targets = [os.readlink(link) for link in links if os.path.lexists(link)]
    return [target for target in targets if target.startswith(str(folder))]


def _change(path: Path, parts: dict[str, bytes]) -> None:
    parts = {**parts_of(path), **parts}
    made = path.with_suffix(".made")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    shutil.move(made, path)
