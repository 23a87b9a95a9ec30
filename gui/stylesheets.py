"""The cell formats of a workbook's styles part, as far as the sheet view shows them.

ECMA-376 part 1, section 18.8. Colours that a theme gives are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.relationships import Attributes, read_elements

__all__ = ["CellStyle", "cell_styles"]

Side = Literal["left", "right", "center"]

# The built-in formats, section 18.8.30.
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@",
}  # fmt: skip
_SECTIONS = {
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
}
_OFF = {"0", "false", "none"}


@dataclass(frozen=True, slots=True)
class CellStyle:
    """One cell format; colours are `#rrggbb`, None for the usual ones."""

    code: str = "General"
    bold: bool = False
    italic: bool = False
    colour: str | None = None
    fill: str | None = None
    side: Side | None = None


def cell_styles(package: Package) -> tuple[CellStyle, ...]:
    """The formats by their index; none where the workbook has no styles."""
    name = "xl/styles.xml"
    for relationship in package.relationships(package.workbook_part):
        if relationship.kind == "styles" and package.has(relationship.target):
            name = package.spelling(relationship.target)
    if not package.has(name):
        return ()
    reading = _Reading()
    read_elements(package.read(name), str(package.path), name, reading.note)
    return reading.styles()


class _Reading:
    """What of the part was read so far; fonts, fills and formats go by their place."""

    def __init__(self) -> None:
        self._codes = dict(_BUILT_IN)
        self._fonts: list[dict[str, Any]] = []
        self._fills: list[dict[str, Any]] = []
        self._formats: list[dict[str, Any]] = []
        self._within = ""
        self._notes: dict[str, Callable[[str, Attributes], None]] = {
            "numFmts": self._number_format,
            "fonts": self._font,
            "fills": self._fill,
            "cellXfs": self._format,
        }

    def note(self, name: str, attributes: Attributes) -> None:
        """One start tag."""
        if name in _SECTIONS:
            self._within = name
        elif self._within in self._notes:
            self._notes[self._within](name, attributes)

    def styles(self) -> tuple[CellStyle, ...]:
        """The cell formats."""
        return tuple(self._style(each) for each in self._formats)

    def _style(self, given: dict[str, Any]) -> CellStyle:
        font, fill = _at(self._fonts, given["font"]), _at(self._fills, given["fill"])
        side = given.get("horizontal")
        return CellStyle(
            code=self._codes.get(given["number"], "General"),
            bold=font.get("bold", False),
            italic=font.get("italic", False),
            colour=font.get("colour"),
            fill=fill.get("colour") if fill.get("pattern") == "solid" else None,
            side=cast("Side", side) if side in {"left", "right", "center"} else None,
        )

    def _number_format(self, _name: str, given: Attributes) -> None:
        self._codes[int(given.get("numFmtId", "0"))] = given.get("formatCode", "General")

    def _font(self, name: str, given: Attributes) -> None:
        if name == "font":
            self._fonts.append({})
        elif self._fonts and name in {"b", "i"}:
            key = "bold" if name == "b" else "italic"
            self._fonts[-1][key] = given.get("val", "1") not in _OFF
        elif self._fonts and name == "color":
            self._fonts[-1]["colour"] = _colour(given)

    def _fill(self, name: str, given: Attributes) -> None:
        if name == "fill":
            self._fills.append({})
        elif self._fills and name == "patternFill":
            self._fills[-1]["pattern"] = given.get("patternType", "none")
        elif self._fills and name == "fgColor":
            self._fills[-1]["colour"] = _colour(given)

    def _format(self, name: str, given: Attributes) -> None:
        if name == "xf":
            self._formats.append(
                {
                    "number": int(given.get("numFmtId", "0")),
                    "font": int(given.get("fontId", "0")),
                    "fill": int(given.get("fillId", "0")),
                }
            )
        elif self._formats and name == "alignment":
            self._formats[-1]["horizontal"] = given.get("horizontal")


def _at(each: list[dict[str, Any]], index: int) -> dict[str, Any]:
    return each[index] if 0 <= index < len(each) else {}


def _colour(given: Attributes) -> str | None:
    rgb = given.get("rgb", "")
    return f"#{rgb[-6:].lower()}" if len(rgb) in {6, 8} else None
