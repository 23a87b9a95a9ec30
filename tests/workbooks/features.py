"""What workbooks hold that openpyxl does not keep: how to find it, and files that have it.

A feature is known by its parts, byte by byte, and by its elements in parts that other
things stand in too; a save that keeps all of them keeps the feature.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from tests.workbooks import handmade
from tests.workbooks.xmlreading import local

__all__ = ["FEATURES", "Feature", "read_parts"]

Parts = dict[str, bytes]
Finder = Callable[[Parts], Iterator[str]]
Makes = Callable[[Path], Path]

_X14 = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"
_SHEETS = "xl/worksheets/[^/]*"
_DRAWINGS = "xl/drawings/drawing[^/]*"
_CHARTS = "xl/charts/chart[^/]*"


@dataclass(frozen=True, slots=True)
class Feature:
    """`files` are of the corpus, `made` builds one where the corpus has none."""

    name: str
    finders: tuple[Finder, ...]
    files: tuple[str, ...] = ()
    made: Makes | None = None

    def found(self, path: Path) -> Counter[str]:
        """All that a file has of it."""
        parts = read_parts(path)
        return Counter(each for finder in self.finders for each in finder(parts))


def read_parts(path: Path) -> Parts:
    """The parts by their names, with forward slashes."""
    with zipfile.ZipFile(path) as archive:
        return {
            info.filename.replace("\\", "/").lstrip("/"): archive.read(info)
            for info in archive.infolist()
            if not info.is_dir()
        }


def parts(pattern: str) -> Finder:
    """Parts of such names, with their bytes."""

    def find(package: Parts) -> Iterator[str]:
        for name, data in package.items():
            if re.fullmatch(pattern, name, re.IGNORECASE):
                yield f"{name} {hashlib.sha256(data).hexdigest()}"

    return find


def elements(
    pattern: str, name: str, wanted: Callable[[Element], object] = lambda _: True
) -> Finder:
    """Elements of this name in parts of such names, with all that is in them."""

    def find(package: Parts) -> Iterator[str]:
        for part, data in package.items():
            if re.fullmatch(pattern, part, re.IGNORECASE) and name.encode() in data:
                for element in ET.fromstring(data).iter():
                    if local(element) == name and wanted(element):
                        yield f"{part} {ET.tostring(element, encoding='unicode').strip()}"

    return find


def controls(package: Parts) -> Iterator[str]:
    """The shapes of VML that are not boxes of comments, with their bytes."""
    for part, data in package.items():
        if part.lower().endswith(".vml"):
            for shape in re.findall(rb"<v:shape\s.*?</v:shape>", data, re.DOTALL):
                if b'ObjectType="Note"' not in shape:
                    yield f"{part} {hashlib.sha256(shape).hexdigest()}"


def marked_cells(mark: str) -> Finder:
    """Cells with this mark, and what they hold; their look may change."""

    def find(package: Parts) -> Iterator[str]:
        for part, data in package.items():
            if re.fullmatch(_SHEETS, part) and mark.encode() in data:
                for cell in (each for each in ET.fromstring(data).iter() if local(each) == "c"):
                    if cell.get(mark):
                        held = [(local(child), child.attrib, child.text) for child in cell]
                        yield f"{part} {cell.get('r')} {mark} {cell.get(mark)} {held}"

    return find


def cached_values(package: Parts) -> Iterator[str]:
    """The results of formulas, by their cells."""
    for part, data in package.items():
        if re.fullmatch(_SHEETS, part) and b"<f" in data:
            for cell in (each for each in ET.fromstring(data).iter() if local(each) == "c"):
                held = {local(child): child.text for child in cell}
                if "f" in held and held.get("v"):
                    yield f"{part} {cell.get('r')} {held['v']}"


def _is_x14(element: Element) -> bool:
    return element.tag.startswith(_X14)


def _has_format(element: Element) -> bool:
    return any(local(each) == "rPr" for each in element.iter())


FEATURES = (
    Feature(
        "cached-values",
        (cached_values,),
        ("xlsxwriter/formula_results01.xlsx", "poi/50096.xlsx", "poi/xlookup.xlsx"),
    ),
    Feature(
        "text-boxes",
        (elements(_DRAWINGS, "sp"),),
        ("xlsxwriter/textbox10.xlsx", "xlsxwriter/textbox25.xlsx"),
    ),
    Feature("connectors", (elements(_DRAWINGS, "cxnSp"),), made=handmade.with_connector),
    Feature(
        "form-controls",
        (parts("xl/ctrlProps/.*"), controls, elements(_SHEETS, "controls")),
        ("xlsxwriter/button01.xlsx", "poi/62629_target.xlsm", "poi/BrNotClosed.xlsx"),
    ),
    Feature(
        "ole-objects",
        (parts("xl/embeddings/.*"), elements(_SHEETS, "oleObjects")),
        ("poi/WithEmbeded.xlsx", "poi/bug64512_embed.xlsx"),
    ),
    Feature("activex", (parts("xl/activeX/.*"),), ("poi/45540_form_Header.xlsx",)),
    Feature("sparklines", (elements(_SHEETS, "sparklineGroups"),), made=handmade.with_sparklines),
    Feature(
        "x14-formats",
        (elements(_SHEETS, "conditionalFormatting", _is_x14),),
        ("poi/NewStyleConditionalFormattings.xlsx", "poi/simple-monthly-budget.xlsx"),
    ),
    Feature(
        "x14-validations",
        (elements(_SHEETS, "dataValidation", _is_x14),),
        ("poi/51850.xlsx", "poi/61652.xlsx"),
    ),
    Feature(
        "slicers",
        (
            parts("xl/slicer(s|Caches)/.*"),
            elements(_SHEETS, "slicerList"),
            elements("xl/workbook.xml", "slicerCaches"),
        ),
        made=handmade.with_slicer,
    ),
    Feature(
        "threaded-comments",
        (parts("xl/(threadedComments|persons)/.*"), elements("xl/comments.*", "comment")),
        ("poi/64759.xlsx", "poi/right-to-left.xlsx"),
    ),
    Feature(
        "rich-comments",
        (elements("xl/comments.*", "comment", _has_format),),
        ("xlsxwriter/comment04.xlsx", "poi/SimpleWithComments.xlsx"),
    ),
    Feature(
        "rich-text",
        (elements("xl/sharedStrings.xml", "si", _has_format), elements(_SHEETS, "is", _has_format)),
        ("xlsxwriter/rich_string06.xlsx", "xlsxwriter/optimize04.xlsx", "poi/52348.xlsx"),
    ),
    Feature("phonetic-hints", (elements("xl/sharedStrings.xml", "rPh"),), ("poi/51519.xlsx",)),
    Feature(
        "custom-xml",
        (parts("customXml/.*"), parts("xl/xmlMaps.xml")),
        ("poi/54399.xlsx", "poi/CustomXMLMappings.xlsx"),
    ),
    Feature("connections", (parts("xl/connections.xml"),), ("poi/55923.xlsx", "poi/56169.xlsx")),
    Feature(
        "query-tables",
        (parts("xl/queryTables/.*"), parts("xl/connections.xml")),
        made=handmade.with_query,
    ),
    Feature(
        "printer-settings",
        (parts("xl/printerSettings/.*"),),
        ("xlsxwriter/page_breaks04.xlsx", "poi/1_NoIden.xlsx"),
    ),
    Feature(
        "dynamic-arrays",
        (parts("xl/metadata.xml"), marked_cells("cm")),
        ("xlsxwriter/dynamic_array02.xlsx", "poi/xlookup.xlsx"),
    ),
    Feature(
        "rich-values",
        (parts("xl/richData/.*"), marked_cells("vm")),
        ("xlsxwriter/embed_image01.xlsx",),
    ),
    Feature(
        "images",
        (parts("xl/media/.*"), elements(_DRAWINGS, "pic")),
        ("xlsxwriter/image04.xlsx", "xlsxwriter/image25.xlsx"),
    ),
    Feature(
        "header-pictures",
        (parts("xl/media/.*"), controls, elements(_SHEETS, "legacyDrawingHF")),
        ("xlsxwriter/header_image01.xlsx", "xlsxwriter/background06.xlsx"),
    ),
    Feature(
        "chart-styles",
        (parts("xl/charts/(style|colors).*"),),
        ("poi/chartTitle_noTitle.xlsx", "poi/57362.xlsx"),
    ),
    Feature(
        "chart-extensions",
        (elements(_CHARTS, "extLst"), elements(_CHARTS, "AlternateContent")),
        ("xlsxwriter/chart_data_labels51.xlsx", "poi/60509.xlsx"),
    ),
)
