"""The tables of styles that openpyxl keeps, as places in the file's own tables.

openpyxl numbers fonts, fills, borders and formats by their places in the file; what it has
added is added to the file when it is first needed. Its number formats have numbers of its
own, and are found by their codes.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

from budgetinator.workbooks.merging.styles.stylepart import StylePart
from budgetinator.workbooks.patch.elements import Element
from budgetinator.workbooks.patch.tags import escape_attribute

__all__ = ["Formats", "NumberFormats", "entry_xml", "number_of"]

_FIRST_OWN = 164  # numbers below belong to built-in formats (section 18.8.30)
_TABLES = {"fonts": "_fonts", "fills": "_fills", "borders": "_borders"}


class Formats:
    """Fonts, fills and borders of a workbook; `known` says whether it was read from the part."""

    def __init__(self, part: StylePart, workbook: Any, *, known: bool) -> None:
        self._part = part
        self._tables = {section: vars(workbook)[name] for section, name in _TABLES.items()}
        self._known = {
            section: min(len(part.entries(section)), len(table)) if known else 0
            for section, table in self._tables.items()
        }
        self._added: dict[tuple[str, int], int] = {}

    def place(self, section: str, number: int) -> int:
        """The place in the file of openpyxl's entry of this number."""
        if number < self._known[section]:
            return number
        key = (section, number)
        if key not in self._added:
            xml = entry_xml(self._tables[section][number])
            self._added[key] = self._part.add(section, xml)
        return self._added[key]


class NumberFormats:
    """Number formats by their codes."""

    def __init__(self, part: StylePart, workbook: Any) -> None:
        self._part = part
        self._codes: list[str] = workbook._number_formats  # noqa: SLF001
        self._of_file: dict[int, str] = {}
        for entry in part.entries("numFmts"):
            number = number_of(entry, "numFmtId")
            self._of_file[number] = entry.attributes.get("formatCode", "")
        self._numbers = {code: number for number, code in reversed(self._of_file.items())}

    def number(self, number: int) -> int:
        """The file's number for a number of openpyxl's."""
        if number >= BUILTIN_FORMATS_MAX_SIZE:
            return self.of_code(self._codes[number - BUILTIN_FORMATS_MAX_SIZE])
        if number not in self._of_file:
            return number
        # The file gives this number another meaning than the one that openpyxl has for it.
        return self.of_code(BUILTIN_FORMATS.get(number, self._of_file[number]))

    def code_of_named(self, number: int) -> str | None:
        """The code by which openpyxl reads a number in a named style."""
        known = BUILTIN_FORMATS if number < BUILTIN_FORMATS_MAX_SIZE else self._of_file
        return known.get(number)

    def of_code(self, code: str) -> int:
        """The file's number for a code, which is added if there is none."""
        if code not in self._numbers:
            number = max([_FIRST_OWN - 1, *self._of_file]) + 1
            xml = b'<numFmt numFmtId="%d" formatCode="%b"/>' % (number, escape_attribute(code))
            self._part.add("numFmts", xml)
            self._of_file[number] = code
            self._numbers[code] = number
        return self._numbers[code]


def entry_xml(entry: Any) -> bytes:
    """What openpyxl writes of a font, a fill, an alignment and so on."""
    return ET.tostring(entry.to_tree(), encoding="unicode").encode()


def number_of(element: Element, name: str) -> int:
    """An attribute that is a number; 0 where it is none, which is its default."""
    text = element.attributes.get(name, "0").strip()
    return int(text) if text.isascii() and text.isdigit() else 0
