"""A style sheet that openpyxl can take, made from one that it cannot.

Only what a cell looks like may become plainer: every entry keeps its place in
its list, because cells refer to it by number, and every cell format keeps its
number format, because that decides what is a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from openpyxl.styles import Border, Font
from openpyxl.styles.cell_style import CellStyle
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.fills import Fill
from openpyxl.styles.numbers import NumberFormat

__all__ = ["plain_styles"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_LISTS: tuple[tuple[str, Any], ...] = (
    ("fonts", Font),
    ("fills", Fill),
    ("borders", Border),
    ("cellStyleXfs", CellStyle),
    ("cellXfs", CellStyle),
    ("dxfs", DifferentialStyle),
)
_KEPT = ("numFmtId", "xfId")


def plain_styles(data: bytes) -> bytes:
    """The style sheet with alternatives resolved and what openpyxl refuses left plain.

    Alternatives become their fallback (ECMA-376 part 3, 7.5 to 7.7).
    """
    root = ET.fromstring(data)  # noqa: S314  the package let it in without a DOCTYPE
    for parent in list(root.iter()):
        parent[:] = [chosen for child in parent for chosen in _fallback(child)]
    for name, kind in _LISTS:
        for entry in root.iterfind(f"{_MAIN}{name}/*"):
            if not _is_taken(kind, entry):
                _make_plain(entry)
    for formats in root.iterfind(f"{_MAIN}numFmts"):
        formats[:] = [entry for entry in formats if _is_taken(NumberFormat, entry)]
    for style in root.iterfind(f"{_MAIN}cellStyles/{_MAIN}cellStyle"):
        is_normal = style.get("builtinId") == "0"
        style.attrib.setdefault("name", "Normal" if is_normal else f"Style {style.get('xfId')}")
    plain: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return plain


def _fallback(element: ET.Element) -> Iterator[ET.Element]:
    if element.tag != f"{_COMPATIBILITY}AlternateContent":
        yield element
        return
    for fallback in element.iterfind(f"{_COMPATIBILITY}Fallback"):
        yield from fallback


def _is_taken(kind: Any, entry: ET.Element) -> bool:
    try:
        return kind.from_tree(entry) is not None  # an empty fill is None, and refused later
    except (TypeError, ValueError, LookupError, AttributeError):
        return False


def _make_plain(entry: ET.Element) -> None:
    kept = {name: value for name, value in entry.attrib.items() if name in _KEPT}
    for child in list(entry):
        entry.remove(child)
    entry.attrib.clear()
    if entry.tag == f"{_MAIN}xf":
        entry.attrib.update((name, value) for name, value in kept.items() if value.isdigit())
    elif entry.tag == f"{_MAIN}fill":
        ET.SubElement(entry, f"{_MAIN}patternFill")
