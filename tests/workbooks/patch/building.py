"""Small workbooks written by hand, and the bytes of their parts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch import PatchReport, patch_cells

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET1 = "xl/worksheets/sheet1.xml"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" '
    'formatCode="[$-409]d\\-mmm\\-yy;@"/></numFmts>'
    '<fonts><font/><font><b/></font></fonts><fills><fill><patternFill patternType="none"/></fill>'
    "</fills><borders><border/></borders>"
    '<cellStyleXfs><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" xfId="0"/>'
    '<xf numFmtId="2" fontId="1" xfId="0" applyNumberFormat="1"><alignment wrapText="1"/></xf>'
    '<xf numFmtId="164" xfId="0"/><xf numFmtId="15" xfId="0"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles><dxfs count="0"/>'
    "</styleSheet>"
)


def sheet_xml(rows: str, *, head: str = "", tail: str = "") -> str:
    """An ordinary worksheet part around these rows."""
    return (
        f'{_DECLARATION}<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}">{head}'
        f"<sheetData>{rows}</sheetData>{tail}</worksheet>"
    )


def write_workbook(
    path: Path,
    sheet: str | bytes,
    *,
    more_sheets: Mapping[str, str] | None = None,
    workbook_head: str = "",
    workbook_tail: str = "",
    styles: str | None = STYLES,
    parts: Mapping[str, str | bytes] | None = None,
    relationships: str = "",
    overrides: str = "",
) -> Path:
    """A workbook of the sheet "Data" and more; extra parts are joined by the given markup."""
    sheets = {"Data": sheet, **(more_sheets or {})}
    declared, relations, types = "", "", ""
    contents: dict[str, str | bytes] = {}
    for number, (name, xml) in enumerate(sheets.items(), 1):
        declared += f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
        relations += (
            f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" '
            f'Target="worksheets/sheet{number}.xml"/>'
        )
        types += (
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
            f'ContentType="{_TYPES}worksheet+xml"/>'
        )
        contents[f"xl/worksheets/sheet{number}.xml"] = xml
    if styles is not None:
        relations += f'<Relationship Id="rId90" Type="{RELATIONS}/styles" Target="styles.xml"/>'
        types += f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}styles+xml"/>'
        contents["xl/styles.xml"] = styles
    everything: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            f"{_DECLARATION}"
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}sheet.main+xml"/>'
            f"{types}{overrides}</Types>"
        ),
        "_rels/.rels": _relationships(
            f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        ),
        "xl/workbook.xml": (
            f'{_DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{workbook_head}'
            f"<sheets>{declared}</sheets>{workbook_tail}</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": _relationships(relations + relationships),
        **contents,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in everything.items():
            archive.writestr(name, content)
    return path


def _relationships(inner: str) -> str:
    return (
        f"{_DECLARATION}"
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{inner}</Relationships>"
    )


def sheet_relationships(*entries: str) -> str:
    """The relationships part of a sheet."""
    return _relationships("".join(entries))


def patched(path: Path, changes: Mapping[str, Any], **options: Any) -> tuple[Path, PatchReport]:
    """The workbook with the changes, beside the original."""
    target = path.with_name("patched-" + path.name)
    with Package.open(path) as package, target.open("wb") as output:
        report = patch_cells(package, changes, output, **options)
    return target, report


def part(path: Path, name: str = SHEET1) -> str:
    """A part's text."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def rows_of(path: Path, name: str = SHEET1) -> str:
    """What stands within sheetData."""
    found = re.search(r"sheetData>(.*)</(?:\w+:)?sheetData>", part(path, name), re.DOTALL)
    assert found is not None
    return found[1]


def names(path: Path) -> list[str]:
    """The members in their order."""
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def raw_members(path: Path) -> dict[str, bytes]:
    """The compressed bytes of each member."""
    with Package.open(path) as package:
        return {n: b"".join(package.raw(n)) for n in package.names if package.has(n)}
