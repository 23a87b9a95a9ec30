"""The cells of a sheet, scanned as bytes for what openpyxl would not write back.

A sheet may have millions of cells, so nothing is built: the part streams by in
blocks of whole rows, and regular expressions collect which elements and attributes
occur at all. Only cells that may suffer are looked at one by one: dates, which
openpyxl turns into datetimes, and cells that a merge or a hyperlink covers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

__all__ = ["CellScan", "sheet_pieces", "string_losses"]

_BLOCK = 1 << 20
_START = re.compile(rb"<(?:\w+:)?sheetData\b[^>]*?(/?)>")
_END = re.compile(rb"</(?:\w+:)?sheetData\s*>")
_SINGLE_QUOTED = re.compile(rb"=\s*'([^'\"]*)'")
_ODD_SPELLING = re.compile(rb"<!|<\?|<[^<>\"']*\w(?:\s+=\s*|=\s+)[\"']")
_TAGS = re.compile(rb"<(?:\w+:)?(\w+)")
_ATTRIBUTES = re.compile(rb"\s(?:\w+:)?(\w+)\s*=\s*[\"']")
_SHARED = re.compile(rb"<(?:\w+:)?f(?=[^>]*\bt=\"shared\")[^>]*\bsi=\"(\d+)\"[^>]*?(/?)>([^<]*)")
_PLACED = re.compile(
    rb"<(?:\w+:)?c(?=[^>]*\br=\"([A-Z]+[0-9]+)\")(?:(?=[^>]*\bs=\"(\d+)\"))?[^>]*?"
    rb"(/>|>\s*</(?:\w+:)?c>|>)"
)
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?![^>]*\br=)[\s/>]")
_KNOWN_TAGS = {b"worksheet", b"sheetData", b"row", b"c", b"v", b"f", b"is", b"t", b"r"}
_KNOWN_ATTRIBUTES = {
    *(b"r", b"s", b"t", b"spans", b"customFormat", b"ht", b"hidden", b"customHeight"),
    *(b"outlineLevel", b"collapsed", b"thickTop", b"thickBot", b"dyDescent", b"space"),
    *(b"ref", b"si", b"ca", b"aca", b"bx", b"dt2D", b"dtr", b"r1", b"r2", b"del1", b"del2"),
}
_MEANING = {
    b"rPr": ("rich_text", "text in several formats within one cell becomes plain"),
    b"rPh": ("phonetic_text", "the phonetic reading of text"),
    b"cm": ("dynamic_array", "formulas that spill over several cells, or other metadata of cells"),
    b"vm": ("rich_value", "pictures or data types within cells"),
    b"ph": ("phonetic_text", "that the phonetic reading of text is shown"),
}


def sheet_pieces(stream: BinaryIO) -> Iterator[tuple[bool, bytes]]:
    """The part in pieces, each with whether it is cells; those end where a row ends."""
    within, carried = False, b""
    while piece := stream.read(_BLOCK):
        carried += piece
        if not within:
            start = _START.search(carried)
            if start is None:
                continue
            yield False, carried[: start.end()]
            carried = carried[start.end() :]
            if start[1]:
                break
            within = True
        end = _END.search(carried)
        if end is not None:
            yield True, carried[: end.start()]
            carried = carried[end.start() :]
            break
        cut = max(carried.rfind(b"</row>"), carried.rfind(b":row>"))
        if cut >= 0:
            cut = carried.index(b">", cut) + 1
            yield True, carried[:cut]
            carried = carried[cut:]
    yield False, carried
    while piece := stream.read(_BLOCK):
        yield False, piece


def string_losses(stream: BinaryIO) -> dict[str, str]:
    """What the shared strings hold that openpyxl drops, by kind."""
    found: dict[str, str] = {}
    tail = b""
    while piece := stream.read(_BLOCK):
        data = tail + piece
        for name in (b"rPr", b"rPh"):
            if re.search(rb"<(?:\w+:)?" + name + rb"\b", data):
                found.update([_MEANING[name]])
        _look_at_text(data, found)
        tail = data[-64:]
    return found


def _look_at_text(data: bytes, found: dict[str, str]) -> None:
    if b"x005F_" in data:
        found["escaped_text"] = "text that looks like an escape sequence (_x005F_) changes"
    if re.search(rb"&#(?:13|x0*[dD]);", data):
        found["carriage_return"] = "carriage returns in text become line feeds"


@dataclass(slots=True)
class CellScan:
    """One sheet's cells; feed it all pieces of them, then read `found`, by kind.

    `date_styles` are the numbers of the cell formats that show dates, and `survives`
    says whether a serial number under such a format comes back from openpyxl as it
    was. `watched` are the references of cells that something else of the sheet
    refers to; of these, `placed` gets the format and whether the cell holds anything.
    """

    date_styles: Iterable[int] = ()
    survives: Callable[[int, bytes], bool] | None = None
    watched: frozenset[bytes] = frozenset()
    found: dict[str, str] = field(default_factory=dict)
    placed: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    _date_pattern: re.Pattern[bytes] | None = None
    _masters: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        styles = sorted(self.date_styles)
        if styles:
            self._date_pattern = _dates_of(styles)

    def feed(self, block: bytes) -> None:
        """Look at one piece of whole rows."""
        if b"='" in block:
            block = _SINGLE_QUOTED.sub(rb'="\1"', block)
        if _ODD_SPELLING.search(block):
            self.found["cell_detail"] = "cells are spelt in a way that cannot be looked through"
        self._look_at_names(block)
        _look_at_text(block, self.found)
        if b'"shared"' in block:
            self._look_at_shared(block)
        if b't="d"' in block:
            self.found["iso_date"] = "dates in ISO form become numbers"
        self._look_at_dates(block)
        if self.watched:
            if _UNPLACED.search(block):
                self.found["cell_detail"] = "cells without references among merges or hyperlinks"
            for match in _PLACED.finditer(block):
                if match[1] in self.watched:
                    self.placed[match[1]] = (int(match[2] or 0), match[3] == b">")

    def _look_at_dates(self, block: bytes) -> None:
        if self._date_pattern is None or self.survives is None:
            return
        for match in self._date_pattern.finditer(block):
            if not self.survives(int(match[1] or 0), match[2]):
                shown = match[2].decode("ascii", "replace")
                self.found["date"] = f"a cell in a date format with the value {shown} changes"
                return

    def _look_at_names(self, block: bytes) -> None:
        tags = set(_TAGS.findall(block)) - _KNOWN_TAGS
        if b"rPr" in tags:  # what else is unknown is the format of that text
            self._note(b"rPr", "element")
            return
        for name in tags:
            self._note(name, "element")
        for name in set(_ATTRIBUTES.findall(block)) - _KNOWN_ATTRIBUTES:
            # Text may look like an attribute; make sure that it stands in a tag.
            if re.search(rb"<[^<>]*\s(?:\w+:)?" + name + rb"\s*=", block):
                self._note(name, "attribute")

    def _note(self, name: bytes, what: str) -> None:
        if name in _MEANING:
            self.found.update([_MEANING[name]])
        elif not name.startswith(b"xmlns"):
            shown = name.decode("ascii", "replace")
            self.found["cell_detail"] = f"the {what} {shown} of cells"

    def _look_at_shared(self, block: bytes) -> None:
        for number, closed, text in _SHARED.findall(block):
            if closed or not text:
                if number not in self._masters:
                    self.found["shared_formula"] = (
                        "a shared formula is used before it is given; its cells would lose it"
                    )
            elif number in self._masters:
                self.found["shared_formula"] = (
                    "a shared formula is given twice; cells would get the first one"
                )
            else:
                self._masters.add(number)


def _dates_of(styles: list[int]) -> re.Pattern[bytes]:
    """Finds number cells in these formats: their format, if they name it, and their value."""
    wanted = rb"(?=[^>]*\bs=\"(" + "|".join(map(str, styles)).encode() + rb")\")"
    if 0 in styles:
        wanted = rb"(?:" + wanted + rb"|(?![^>]*\bs=\"))"
    # A formula's value is not kept, so only a cell that begins with its value counts.
    number = rb"(?![^>]*\bt=\"[^n])[^>]*>\s*<(?:\w+:)?v>([^<]*)<"
    return re.compile(rb"<(?:\w+:)?c\b" + wanted + number)
