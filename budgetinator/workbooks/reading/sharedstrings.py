"""The shared strings of a workbook, decoded as they are asked for.

A part of up to 1 MB is decoded as a whole. A larger one is held as its bytes; a page of
512 strings is decoded when the first of them is wanted, and then kept, so that what a
sheet repeats is one object and what it does not use costs nothing but its markup.
ECMA-376 part 1, section 18.4.
"""

from __future__ import annotations

import contextlib
import re
from array import array
from itertools import islice
from typing import NoReturn
from xml.parsers import expat

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.opc.guard import refused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import LONGEST_TOKEN, utf8_blocks
from budgetinator.workbooks.reading.xmltext import unescaped, with_characters

__all__ = ["SharedStrings"]

_PAGE_BITS = 9
_PAGE = 1 << _PAGE_BITS
_ITEM = re.compile(rb"<si[\s/>]")
_USUAL = re.compile(r"<si><t(?: xml:space=\"preserve\")?>([^<]*)</t></si>")
_FEED = 64 * 1024
_SMALL = 1024 * 1024


class SharedStrings:
    """The strings by their index; nothing is read before the first is asked for.

    Raises WorkbookDamaged for markup that is broken, and WorkbookRefused for more
    strings than a workbook may have; IndexError for one that is not there.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._name = _strings_part(package)
        self._data = b""
        self._starts: array[int] | None = None
        self._pages: dict[int, list[str]] = {}
        self._exact: list[str] | None = None

    def text(self, index: int) -> str:
        """The string of this index."""
        if index < 0:
            raise IndexError(index)
        page = self._pages.get(index >> _PAGE_BITS)
        if page is None:
            page = self._pages[index >> _PAGE_BITS] = self._page(index >> _PAGE_BITS)
        return page[index & _PAGE - 1]

    def texts(self, indices: list[int]) -> list[str]:
        """The strings of these indices, at a third of the cost of asking one by one."""
        if self._exact is not None and min(indices, default=0) >= 0:
            return list(map(self._exact.__getitem__, indices))
        pages = self._pages
        try:
            return [pages[index >> _PAGE_BITS][index & _PAGE - 1] for index in indices]
        except KeyError:
            for number in {index >> _PAGE_BITS for index in indices}:
                self.text(number << _PAGE_BITS)
        return [pages[index >> _PAGE_BITS][index & _PAGE - 1] for index in indices]

    def _page(self, number: int) -> list[str]:
        if self._starts is None:
            self._starts = self._read()
        if self._exact is not None:
            return self._exact[number * _PAGE : (number + 1) * _PAGE]
        if number >= len(self._starts) - 1:
            return []
        try:
            return self._decoded(self._data[self._starts[number] : self._starts[number + 1]])
        except (ValueError, expat.ExpatError) as error:
            raise self._damaged(error) from error

    def _decoded(self, data: bytes) -> list[str]:
        text = data.decode()
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        found = _USUAL.findall(text)
        if len(found) == text.count("<si"):
            if "&" in text:
                found = [unescaped(one) for one in found]
            return [with_characters(one) for one in found] if "_x" in text else found
        reading = _Strings()
        reading.feed(b"<sst>%b</sst>" % data)
        reading.end()
        return reading.strings

    def _read(self) -> array[int]:
        """Hold the part; where each page begins in it, and where the last one ends."""
        if self._name is None:
            return array("Q")
        self._data = b"".join(utf8_blocks(self._package, self._name))
        end = self._data.rfind(b"</sst")
        if b"<!" in self._data or self._data.count(b"<?") > 1 or end < 0:
            self._exact = self._read_exactly()
            return array("Q")
        if end <= _SMALL and (strings := self._all_decoded(end)):
            self._check_count(len(strings))
            self._exact, self._data = strings, b""
            return array("Q")
        starts = array("Q")
        count = 0
        items = map(re.Match.start, _ITEM.finditer(self._data))
        while found := array("Q", islice(items, 64 * _PAGE)):
            starts.extend(found[::_PAGE])
            count += len(found)
            self._check_count(count)
        if not count:
            self._exact = self._read_exactly()
        starts.append(end)
        return starts

    def _all_decoded(self, end: int) -> list[str]:
        """All strings; none where one is broken, which is told only where it is asked for."""
        first = _ITEM.search(self._data)
        if first is not None:
            with contextlib.suppress(ValueError, expat.ExpatError):
                return self._decoded(self._data[first.start() : end])
        return []

    def _read_exactly(self) -> list[str]:
        """All of it by a parser: for prefixes, comments, and strings that are not closed."""
        reading = _Strings()
        data, self._data = self._data, b""
        try:
            for start in range(0, len(data), _FEED):
                reading.feed(data[start : start + _FEED])
                self._check_count(len(reading.strings))
            reading.end()
        except (ValueError, expat.ExpatError) as error:
            raise self._damaged(error) from error
        return reading.strings

    def _check_count(self, count: int) -> None:
        limit = self._package.bounds.max_cells
        if count > limit:
            why = f"its part {self._name} holds more than {limit} shared strings"
            path = str(self._package.path)
            raise refused(path, why, reason="too many shared strings", limit="max_cells")

    def _damaged(self, error: Exception) -> WorkbookDamaged:
        return WorkbookDamaged(
            f"{self._package.path} is damaged (part {self._name}: {error}); "
            "let Excel repair the file.",
            path=str(self._package.path),
            part=self._name,
        )


class _Strings:
    """The strings of markup in any form, by expat; phonetic runs are left out."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._path: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._fed = 0

    def feed(self, data: bytes) -> None:
        self._parser.Parse(data, False)
        self._fed += len(data)
        if self._fed - self._parser.CurrentByteIndex > LONGEST_TOKEN:
            raise ValueError(f"a tag of more than {LONGEST_TOKEN} bytes")

    def end(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, _attributes: object) -> None:
        self._path.append(name.rpartition(":")[2])
        if self._path[-1] == "si":
            self._pieces, self._length = [], 0

    def _end(self, _name: str) -> None:
        if self._path.pop() == "si":
            self.strings.append(with_characters("".join(self._pieces)))

    def _text(self, text: str) -> None:
        if self._path[-1] == "t" and (self._path[-2] == "si" or self._path[-3:-1] == ["si", "r"]):
            self._length += len(text)
            if self._length > LONGEST_TOKEN:
                raise ValueError(f"a text of more than {LONGEST_TOKEN} characters")
            self._pieces.append(text)


def _refuse_doctype(*_: object) -> NoReturn:
    raise ValueError("it declares a document type")


def _strings_part(package: Package) -> str | None:
    for relationship in package.relationships(package.workbook_part):
        if relationship.kind == "sharedStrings" and package.has(relationship.target):
            return package.spelling(relationship.target)
    for name in package.names:
        if (package.content_type(name) or "").endswith("sharedStrings+xml"):
            return name
    return None
