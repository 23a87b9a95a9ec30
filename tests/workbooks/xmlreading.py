"""Elements by their local names, for checks that do not care for prefixes."""

from __future__ import annotations

from xml.etree.ElementTree import Element

__all__ = ["OFFICE", "attribute", "children", "local"]

OFFICE = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}",
)


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def children(root: Element, holder: str, name: str) -> list[Element]:
    """The elements of this name in the children of that name."""
    return [e for h in root if local(h) == holder for e in h if local(e) == name]


def attribute(element: Element, name: str) -> str:
    """An attribute in the namespace of relationships."""
    return next(
        (element.get(space + name, "") for space in OFFICE if element.get(space + name)), ""
    )
