"""A small part, or a row of a sheet, as a tree that knows where each element's bytes stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

__all__ = ["Element", "MarkupError", "parse_elements", "parse_head", "start_tag_end"]

_START_TAG = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


class MarkupError(Exception):
    """The bytes are not well-formed, or declare a document type; callers add path and part."""


@dataclass(slots=True, eq=False)
class Element:
    """One element; offsets are those of the bytes that were parsed.

    The start tag is `data[start:opened]`, the content `data[opened:closed]`, and
    the element ends before `end`. An empty-element tag has `opened == closed == end`.
    """

    name: str
    attributes: dict[str, str]
    start: int
    opened: int
    closed: int = -1
    end: int = -1
    text: str = ""
    children: list[Element] = field(default_factory=list)

    @property
    def local(self) -> str:
        """The name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix with its colon, or nothing."""
        return self.name[: len(self.name) - len(self.local)]

    @property
    def is_empty(self) -> bool:
        """Whether it is written as one empty-element tag."""
        return self.opened == self.end

    def find(self, local: str) -> Element | None:
        """The first child of this name in the element's own vocabulary."""
        return next(self.find_all(local), None)

    def find_all(self, local: str) -> Iterator[Element]:
        """The children of this name in the element's own vocabulary."""
        name = self.prefix + local
        return (child for child in self.children if child.name == name)

    def descendants(self) -> Iterator[Element]:
        """All elements within, parents first."""
        for child in self.children:
            yield child
            yield from child.descendants()


class _Builder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.root: Element | None = None
        self._open: list[Element] = []
        # The encoding is given, so that a declaration of the original's is not believed.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        start = self.parser.CurrentByteIndex
        element = Element(name, attributes, start, start_tag_end(self.data, start))
        if self._open:
            self._open[-1].children.append(element)
        elif self.root is None:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if self.data[element.opened - 2 : element.opened] == b"/>":
            element.closed = element.end = element.opened
        else:
            element.closed = self.parser.CurrentByteIndex
            element.end = self.data.index(b">", element.closed) + 1

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def _refuse(self, *_: object) -> NoReturn:
        raise MarkupError("it declares a document type")


def parse_elements(data: bytes) -> Element:
    """The root element of a whole document in UTF-8; MarkupError where it is not well-formed."""
    return _parse(data, whole=True)


def parse_head(data: bytes) -> Element:
    """The root of a document that is cut off; elements that are open have `end == -1`."""
    return _parse(data, whole=False)


def _parse(data: bytes, *, whole: bool) -> Element:
    builder = _Builder(data)
    try:
        builder.parser.Parse(data, whole)
    except expat.ExpatError as error:
        raise MarkupError(str(error)) from error
    if builder.root is None:
        raise MarkupError("it has no element")
    return builder.root


def start_tag_end(data: bytes | bytearray, start: int) -> int:
    """Where the tag that starts there ends; quoted values may hold `>`."""
    found = _START_TAG.match(data, start)
    if found is None:
        raise MarkupError("a tag does not end")
    return found.end()
