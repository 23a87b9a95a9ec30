"""What the parts would cost a program that parses them all, as openpyxl does.

A scan of bytes, not a parse: each part is inflated once (which checks its size
and CRC), and only what can make a reader hang is looked at. Counting goes by
upper bounds first - a part of 400 KB cannot hold 100,000 elements - so that an
ordinary part costs little more than inflating it; the exact count starts only
where an upper bound is passed. Counting by expat was rejected: on 30,000 and on
200,000 cells it took 13 and 10 % of openpyxl's own load, this scan 5 and 6 %.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from budgetinator.config import OpeningBounds
from budgetinator.errors import InvalidCellReference, WorkbookRefused
from budgetinator.workbooks.addresses import MAX_ROW, parse_range
from budgetinator.workbooks.opc.guard import refused
from budgetinator.workbooks.opc.package import Package

__all__ = ["check_part", "check_parts", "tag_blocks", "tag_names", "utf8_blocks"]

# Of anything but cells, rows and strings. Excel stops at 65,490 formats and 65,530 hyperlinks a
# sheet, but other programs' files go over that, and 100,000 still load in seconds.
MAX_ELEMENTS = 100_000
# openpyxl feeds expat in pieces of 16 KB, and expat 2.5 begins a tag anew with each: one of 2 MB
# takes 0.1 s, one of 8 MB 1.3 s. A cell's text ends at 32,767 characters.
LONGEST_TOKEN = 2 * 1024 * 1024
MAX_LONG_TOKENS = 64 * 1024 * 1024
_LONG = 64 * 1024
_SMALLEST_ELEMENT = len("<a/>")
# How a part in UTF-16 begins (XML 1.0, appendix F); all others are in UTF-8.
_WIDE = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

_CELLS = b"c"
_STRINGS = b"si"
_ROWS = b"row"
# What nearly all elements of a large part look like; the rest is counted only if there is much.
_USUAL = (b"<c r", b"<v>", b"<f>", b"<row ", b"<si>", b"<t>", b"<is>")
_UNUSUAL = b""
_COUNTED = {
    name.encode(): name
    for name in (
        "hyperlink",
        "dataValidation",
        "cfRule",
        "definedName",
        "mergeCell",
        "comment",
        "xf",
        "font",
        "fill",
        "border",
        "dxf",
        "numFmt",
        "cellStyle",
    )
}
_TAG_NAME = re.compile(rb"<(?:[^\s<>/:!?]+:)?([A-Za-z]+)[\s/>]")
_OUTSIDE_ROW = re.compile(rb" r\s*=\s*[\"']([A-Za-z]{0,3})(0*[1-9]\d{6,})[\"']")
_OUTSIDE_COLUMN = re.compile(
    rb" r\s*=\s*[\"']((?:[A-Z]{4,}|[YZ][A-Z]{2}|X[G-Z][A-Z]|XF[E-Z])\d+)[\"']"
)
_AREAS = {
    name: re.compile(rb"[<:]" + name + rb"\s(?:[^<]*?\s)?ref\s*=\s*[\"']([^\"'<]*)")
    for name in (b"mergeCell", b"hyperlink", b"comment")
}


@dataclass(slots=True)
class _Part:
    """What the scan of one part has found so far."""

    path: str
    name: str
    bounds: OpeningBounds
    area: int = 0
    long_tokens: int = 0

    def refuse(self, why: str, reason: str, limit: str | None = None) -> WorkbookRefused:
        return refused(self.path, f"its part {self.name} {why}", reason=reason, limit=limit)


def check_parts(package: Package, *, sheets: bool, but: Collection[str] = frozenset()) -> None:
    """Refuse what would cost too much to parse; with `sheets`, the sheets and all they lead to.

    Without, only what a reader of values loads at once: workbook, styles and
    strings. Parts named in `but` are left to `check_part`, before they are
    parsed. Raises WorkbookRefused and WorkbookDamaged.
    """
    names = package.names if sheets else _read_at_once(package)
    for name in names:
        if name not in but:
            check_part(package, name)


def check_part(package: Package, name: str) -> None:
    """Refuse one part that would cost too much to parse; raises as `check_parts` does."""
    # Nobody parses custom XML, and it may hold texts of any length.
    if package.is_markup(name) and not name.lower().startswith("customxml"):
        _check_part(package, name)


def _read_at_once(package: Package) -> tuple[str, ...]:
    workbook = package.workbook_part
    led_to = (
        entry.target
        for entry in package.relationships(workbook)
        if entry.kind in ("styles", "sharedStrings") and package.has(entry.target)
    )
    return workbook, *led_to


def _check_part(package: Package, name: str) -> None:
    part = _Part(str(package.path), name, package.bounds)
    large = package.member(name).size >= MAX_ELEMENTS * _SMALLEST_ELEMENT
    at_most: Counter[bytes] = Counter()
    for block in _whole_tags(package, part):
        _check_references(block, part)
        if large:
            _count_at_most(block, at_most)
            if _may_be_over(at_most, part.bounds):
                break
    else:
        return
    _check_exactly(package, name)


def _check_exactly(package: Package, name: str) -> None:
    part = _Part(str(package.path), name, package.bounds)
    counts: Counter[bytes] = Counter()
    for block in _whole_tags(package, part):
        _check_references(block, part)
        counts.update(tag_names(block))
        over = _over(counts, part.bounds)
        if over is not None:
            what, limit, setting = over
            raise part.refuse(f"holds more than {limit} {what}", f"too many {what}", setting)


def utf8_blocks(package: Package, name: str) -> Iterator[bytes]:
    """The part in pieces of up to 64 KB, in UTF-8 whichever of the two encodings it is in."""
    chunks = package.chunks(name)
    first = next(chunks, b"")
    codec = next((codec for start, codec in _WIDE if first.startswith(start)), None)
    if codec is None:
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for chunk in chain((first,), chunks):
        yield decoder.decode(chunk).encode("utf-8", "replace")


def tag_blocks(package: Package, name: str) -> Iterator[bytes]:
    """The part in pieces in which no tag is cut, in UTF-8; raises for overlong texts."""
    return _whole_tags(package, _Part(str(package.path), name, package.bounds))


def tag_names(block: bytes) -> list[bytes]:
    """The names of the elements that begin in the block, without their prefixes."""
    return _TAG_NAME.findall(block)


def _whole_tags(package: Package, part: _Part) -> Iterator[bytes]:
    """Pieces that end before a tag: a `<` never stands within one (XML 1.0, 2.4 and 3.1)."""
    pieces: list[bytes] = []
    waiting = 0
    for block in utf8_blocks(package, part.name):
        cut = block.rfind(b"<")
        if cut >= 0:
            yield b"".join((*pieces, block[:cut]))
            pieces, waiting = [], 0
        pieces.append(block[max(cut, 0) :])
        waiting += len(pieces[-1])
        _check_token(part, waiting, len(pieces[-1]))
    yield b"".join(pieces)


def _check_token(part: _Part, length: int, grown: int) -> None:
    if length > LONGEST_TOKEN:
        why = f"has a text or a tag of more than {LONGEST_TOKEN} bytes"
        raise part.refuse(why, "text too long")
    if length > _LONG:
        part.long_tokens += grown
    if part.long_tokens > MAX_LONG_TOKENS:
        raise part.refuse("consists of overlong texts or tags", "text too long")


def _count_at_most(block: bytes, counts: Counter[bytes]) -> None:
    usual = 0
    for spelling in _USUAL:
        found = block.count(spelling)
        counts[spelling] += found
        usual += found
    counts[_UNUSUAL] += block.count(b"<") - block.count(b"</") - usual


def _may_be_over(counts: Counter[bytes], bounds: OpeningBounds) -> bool:
    """Whether a bound might be passed, if all unusual spellings are of that element."""
    rest = counts[_UNUSUAL]
    return (
        rest > MAX_ELEMENTS
        or max(counts[b"<c r"], counts[b"<si>"]) + rest > bounds.max_cells
        or counts[b"<row "] + rest > MAX_ROW
    )


def _over(counts: Counter[bytes], bounds: OpeningBounds) -> tuple[str, int, str | None] | None:
    for name, setting in ((_CELLS, "cells"), (_STRINGS, "shared strings")):
        if counts[name] > bounds.max_cells:
            return setting, bounds.max_cells, "max_cells"
    if counts[_ROWS] > MAX_ROW:
        return "rows", MAX_ROW, None
    for name, shown in _COUNTED.items():
        if counts[name] > MAX_ELEMENTS:
            return f"{shown} elements", MAX_ELEMENTS, None
    return None


def _check_references(block: bytes, part: _Part) -> None:
    for found in _OUTSIDE_ROW.finditer(block):
        if int(found[2]) > MAX_ROW:
            raise _outside(part, found[1] + found[2])
    column = _OUTSIDE_COLUMN.search(block)
    if column:
        raise _outside(part, column[1])
    for name, pattern in _AREAS.items():
        if name in block:
            for found in pattern.finditer(block):
                _check_area(found[1].decode("utf-8", "replace"), part)


def _check_area(reference: str, part: _Part) -> None:
    try:
        area = parse_range(reference)
    except InvalidCellReference as error:
        raise _outside(part, reference.encode()) from error
    if area.cells > 1:
        part.area += area.cells
    limit = part.bounds.max_merged_cells
    if part.area > limit:
        why = f"merges or links more than {limit} cells"
        raise part.refuse(why, "merged area too large", "max_merged_cells")


def _outside(part: _Part, reference: bytes) -> WorkbookRefused:
    shown = reference[:40].decode("utf-8", "replace")
    return part.refuse(f"names the cell {shown!r}, which no sheet has", "outside the grid")
