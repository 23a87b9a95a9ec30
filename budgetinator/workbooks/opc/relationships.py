"""Content types and relationships: how the parts of a package find each other.

ECMA-376 part 2, sections 6.5 (relationships) and 6.2.3 (content types). All
markup here is read by expat: prefixes, quotes, entities and end tags come in
every spelling that XML permits.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from budgetinator.errors import WorkbookDamaged, WorkbookRefused

__all__ = [
    "ContentTypes",
    "Relationship",
    "parse_content_types",
    "parse_relationships",
    "read_elements",
    "relationships_name",
    "resolve_target",
]

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship; `target` is a part's name, or what the file says where `external`."""

    id: str
    type: str
    target: str
    external: bool

    @property
    def kind(self) -> str:
        """The last step of the type's address, which Strict and Transitional share."""
        return self.type.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ContentTypes:
    """The media type of each part, by its name or else by its extension."""

    by_part: dict[str, str]
    by_extension: dict[str, str]

    def of(self, part: str) -> str | None:
        """The media type of a part, or None for a part that none is declared for."""
        exact = self.by_part.get(part.lower())
        return exact or self.by_extension.get(part.lower().rpartition(".")[2])


def read_elements(
    data: bytes, path: str, part: str, on_start: Callable[[str, Attributes], None]
) -> None:
    """Hand each start tag to `on_start` as a name without its prefix and its attributes.

    An attribute in a namespace is named `namespace name`, with a space between.
    Raises WorkbookDamaged for markup that is not well-formed, WorkbookRefused for a DOCTYPE.
    """
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_: object) -> NoReturn:
        raise doctype_refused(path, part)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: on_start(
        name.rpartition(" ")[2], attributes
    )
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise WorkbookDamaged(
            f"The part {part} of {path} is not well-formed XML ({error}); "
            "get a fresh copy, or let Excel repair the file.",
            path=path,
            part=part,
        ) from error


def doctype_refused(path: str, part: str) -> WorkbookRefused:
    """The refusal of a document type definition, which OPC forbids (part 2, section 6.2.5)."""
    return WorkbookRefused(
        f"{path} is refused: its part {part} has a document type definition, which can make a "
        "reader load other files or fill the memory, and which no workbook needs.",
        path=path,
        reason="document type definition",
    )


def parse_content_types(data: bytes, path: str, part: str) -> ContentTypes:
    """What `[Content_Types].xml` declares; raises as `read_elements` does."""
    types = ContentTypes({}, {})

    def note(name: str, attributes: Attributes) -> None:
        media = attributes.get("ContentType", "")
        if name == "Override" and "PartName" in attributes:
            spelt = attributes["PartName"].replace("\\", "/").lstrip("/")
            types.by_part[spelt.lower()] = media
        elif name == "Default" and "Extension" in attributes:
            types.by_extension[attributes["Extension"].lstrip(".").lower()] = media

    read_elements(data, path, part, note)
    return types


def parse_relationships(
    data: bytes, path: str, part: str, source_part: str
) -> tuple[Relationship, ...]:
    """The relationships of `source_part` ("" for the package) in a `.rels` part."""
    found: list[Relationship] = []

    def note(name: str, attributes: Attributes) -> None:
        if name != "Relationship":
            return
        external = attributes.get("TargetMode", "").lower() == "external"
        target = attributes.get("Target", "")
        found.append(
            Relationship(
                id=attributes.get("Id", ""),
                type=attributes.get("Type", ""),
                target=target if external else resolve_target(source_part, target),
                external=external,
            )
        )

    read_elements(data, path, part, note)
    return tuple(found)


def relationships_name(part: str) -> str:
    """The name of the part that holds the relationships of `part`; "" is the package."""
    folder, name = posixpath.split(part.replace("\\", "/"))
    return posixpath.join(folder, "_rels", f"{name}.rels")


def resolve_target(source_part: str, target: str) -> str:
    """The part that a relative or absolute target of `source_part` means.

    Backslashes, fragments and percent signs are understood; a target that leads
    above the root stays at the root, as RFC 3986 (5.2.4) has it.
    """
    address = unquote(urlsplit(target.replace("\\", "/")).path)
    folder = "/" + posixpath.dirname(source_part.replace("\\", "/"))
    return posixpath.normpath(posixpath.join(folder, address)).lstrip("/")
