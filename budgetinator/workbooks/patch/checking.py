"""An edited package looked over before it is written: does everything lead somewhere?

A relationship without a part, an id that is given twice or not at all, a part without
a content type: each makes Excel repair the file, that is, throw something out. What the
original already has of that kind is the original's, and stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from xml.parsers import expat

from budgetinator.errors import SaveError
from budgetinator.workbooks.opc.relationships import (
    ContentTypes,
    parse_content_types,
)
from budgetinator.workbooks.patch.edit import CONTENT_TYPES, PackageEdit
from budgetinator.workbooks.patch.parts import SmallPart
from budgetinator.workbooks.patch.splices import spliced

__all__ = ["check_edit"]

_RELATIONSHIP_SPACES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships ",
    "http://purl.oclc.org/ooxml/officeDocument/relationships ",
)
_SOURCE = re.compile(r"(?:(?P<folder>.*)/)?_rels/(?P<name>[^/]*)\.rels", re.IGNORECASE)


def check_edit(edit: PackageEdit) -> None:
    """Raise SaveError, which names the part, for what would not be a whole package.

    Looks at what was changed or added only; changed sheets are read once.
    """
    types = _content_types(edit)
    for part in _changed_parts(edit):
        source = _source_of(part.name)
        if source is not None:
            _check_relationships(edit, source, part.name)
        elif part.name != CONTENT_TYPES:
            _check_type(edit, types, part.name)
            _check_markup(edit, part.name, (part.data,))
    for name, streamed in edit.streamed.items():
        if streamed.splices:
            _check_markup(edit, name, spliced(streamed.source.text(), streamed.splices))


def _changed_parts(edit: PackageEdit) -> Iterable[SmallPart]:
    for name in edit.package.names:
        part = edit.changed_part(name)
        if part is not None and not edit.is_removed(name):
            yield part
    yield from edit.added_parts()


def _content_types(edit: PackageEdit) -> ContentTypes:
    data = edit.part(CONTENT_TYPES).data
    return parse_content_types(data, str(edit.package.path), CONTENT_TYPES)


def _source_of(name: str) -> str | None:
    """The part whose relationships these are; None for any other part."""
    found = _SOURCE.fullmatch(name)
    if found is None:
        return None
    return f"{found['folder']}/{found['name']}" if found["folder"] else found["name"]


def _check_relationships(edit: PackageEdit, source: str, name: str) -> None:
    original = {entry.target.lower() for entry in edit.package.relationships(source)}
    entries = edit.relationships(source)
    for entry_id, count in Counter(entry.id for entry in entries).items():
        if count > 1:
            raise _broken(edit, name, f"gives the id {entry_id} to {count} relationships")
    for entry in entries:
        known = entry.target.lower() in original and not edit.package.has(entry.target)
        if not (entry.external or known or edit.has(entry.target)):
            raise _broken(edit, name, f"leads to {entry.target}, which is missing")


def _check_type(edit: PackageEdit, types: ContentTypes, name: str) -> None:
    if types.of(name) is None and edit.package.content_type(name) is None:
        raise _broken(edit, name, "has no content type")


def _check_markup(edit: PackageEdit, name: str, chunks: Iterable[bytes]) -> None:
    """The ids by which a part refers to others must be among its relationships."""
    if not name.lower().endswith(".xml"):
        return
    used: set[str] = set()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")

    def start(_: str, attributes: dict[str, str]) -> None:
        for attribute, value in attributes.items():
            if attribute.startswith(_RELATIONSHIP_SPACES) and value:
                used.add(value)

    parser.StartElementHandler = start
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _broken(edit, name, f"is not well-formed ({error})") from error
    missing = used - {entry.id for entry in edit.relationships(name)}
    if missing and not missing <= _dangling(edit, name):
        raise _broken(edit, name, f"refers to {min(missing)}, which leads nowhere")


def _dangling(edit: PackageEdit, name: str) -> set[str]:
    """What the original's part may refer to in vain: ids that it never had."""
    if not edit.package.has(name):
        return set()
    data = edit.package.read(name)
    had = {entry.id for entry in edit.package.relationships(name)}
    found = re.findall(rb"[\w.-]+:[a-z]+\s*=\s*[\"']([^\"']+)[\"']", data)
    return {each.decode("utf-8", "replace") for each in found} - had


def _broken(edit: PackageEdit, part: str, what: str) -> SaveError:
    return SaveError(
        f"What was to be written over {edit.package.path} is no whole workbook: {part} {what}. "
        "The file is as it was.",
        path=str(edit.package.path),
        part=part,
    )
