"""What is wrong with a package by ECMA-376, as sentences that can be compared before and after.

Real files break some of these rules by themselves; a save must not break one more.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from tests.workbooks.sheetvalidity import cells_with_formulas, sheet_violations
from tests.workbooks.xmlreading import OFFICE, attribute, children, local

__all__ = ["new_violations", "violations"]

_TYPES = "[Content_Types].xml"
_PREFIXES = re.compile(rb"[\s:](?:Ignorable|Requires|MustUnderstand)\s*=\s*[\"']([^\"']*)[\"']")
_NOT_XML = (".vml", ".bin")


def new_violations(before: Path, after: Path) -> list[str]:
    """The rules that the second file breaks and the first did not."""
    return sorted(violations(after) - violations(before))


def violations(path: Path) -> set[str]:
    """Every broken rule, with the part and the place."""
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        parts = {_key(name): archive.read(name) for name in names}
    found = {
        f"{name} stands twice in the zip" for name, n in Counter(map(_key, names)).items() if n > 1
    }
    return found | set(_Checking(parts).all())


class _Checking:
    def __init__(self, parts: dict[str, bytes]) -> None:
        self._parts = parts
        self._trees: dict[str, Element] = {}
        self._broken: list[str] = []
        for name, data in parts.items():
            if _is_xml(name, data):
                try:
                    self._trees[name] = ET.fromstring(data)
                except ET.ParseError:
                    self._broken.append(f"{name} is not well-formed")
        self._relations = {
            name: dict(self._relations_of(name))
            for name in ("", *parts)
            if _rels_name(name) in self._trees
        }

    def all(self) -> Iterator[str]:
        yield from self._broken
        yield from self._of_types()
        yield from self._of_relationships()
        for name, tree in self._trees.items():
            yield from self._of_references(name, tree)
            yield from _of_prefixes(name, self._parts[name])
            if local(tree) == "wsDr":
                yield from _repeated(f"{name} has the drawing id", _drawing_ids(tree))
        for name, data in self._parts.items():
            if name.endswith(".vml"):
                ids = re.findall(rb"<(?:\w+:)?shape\s[^>]*?\bid=[\"']?(\w+)", data)
                yield from _repeated(f"{name} has the shape", [each.decode() for each in ids])
        for name in [name for name in self._trees if local(self._trees[name]) == "workbook"]:
            yield from self._of_workbook(name, self._trees[name])

    def _of_types(self) -> Iterator[str]:
        defaults, overrides = {}, Counter[str]()
        for child in self._trees.get(_key(_TYPES), Element("none")):
            if local(child) == "Default":
                defaults[child.get("Extension", "").lower()] = child.get("ContentType")
            else:
                overrides[_key(child.get("PartName", ""))] += 1
        for name in self._parts:
            if name != _key(_TYPES) and name not in overrides and _ending(name) not in defaults:
                yield f"{name} has no content type"
        for name, count in overrides.items():
            if name not in self._parts:
                yield f"a content type is declared for {name}, which is not there"
            if count > 1:
                yield f"{name} has two content types"

    def _of_relationships(self) -> Iterator[str]:
        for source in self._relations:
            tree = self._trees[_rels_name(source)]
            yield from _repeated(f"{source} has the relationship", [r.get("Id", "") for r in tree])
            for entry in tree:
                if entry.get("TargetMode", "").lower() != "external":
                    target = _target(source, entry.get("Target", ""))
                    if target not in self._parts:
                        yield f"{source} leads to {target}, which is not there"
        for name in self._parts:
            if name.endswith(".rels"):
                folder, _, file = name.rpartition("_rels/")
                source = folder + file.removesuffix(".rels")
                if source and source not in self._parts:
                    yield f"{name} is of a part that is not there"

    def _of_references(self, name: str, tree: Element) -> Iterator[str]:
        known = self._relations.get(name, {})
        for element in tree.iter():
            for key, value in element.attrib.items():
                if key.startswith(OFFICE) and value and value not in known:
                    yield f"{name}: {local(element)} refers to {value}, which is no relationship"

    def _relations_of(self, name: str) -> Iterator[tuple[str, tuple[str, str]]]:
        for entry in self._trees[_rels_name(name)]:
            kind = entry.get("Type", "").rpartition("/")[2]
            yield entry.get("Id", ""), (kind, _target(name, entry.get("Target", "")))

    def _of_workbook(self, name: str, tree: Element) -> Iterator[str]:
        sheets = children(tree, "sheets", "sheet")
        yield from _repeated(f"{name} has the sheetId", [s.get("sheetId", "") for s in sheets])
        yield from _repeated(f"{name} has the sheet", [s.get("name", "").lower() for s in sheets])
        yield from _repeated(f"{name} has the r:id", [attribute(s, "id") for s in sheets])
        yield from _of_names(tree, len(sheets))
        for view in children(tree, "bookViews", "workbookView"):
            if int(view.get("activeTab", "0")) >= len(sheets):
                yield f"{name}: the active tab is out of range"
        relations = self._relations.get(name, {})
        styles = self._tree_of(relations, "styles")
        strings = self._tree_of(relations, "sharedStrings")
        yield from _of_styles(styles)
        yield from _of_strings(strings)
        sheet_parts = {
            sheet.get("sheetId", ""): relations.get(attribute(sheet, "id"), ("", ""))[1]
            for sheet in sheets
        }
        for part in sheet_parts.values():
            if part in self._trees and local(self._trees[part]) == "worksheet":
                yield from sheet_violations(part, self._trees[part], styles, strings)
                yield from self._of_sheet_parts(part)
        yield from self._of_tables()
        yield from self._of_chain(relations, sheet_parts)

    def _tree_of(self, relations: dict[str, tuple[str, str]], kind: str) -> Element | None:
        return next((self._trees.get(t) for k, t in relations.values() if k == kind), None)

    def _of_sheet_parts(self, part: str) -> Iterator[str]:
        relations = self._relations.get(part, {})
        wanted = {
            "drawing": "drawing",
            "legacyDrawing": "vmlDrawing",
            "legacyDrawingHF": "vmlDrawing",
            "tablePart": "table",
            "picture": "image",
        }
        for element in self._trees[part].iter():
            kind = wanted.get(local(element))
            found = relations.get(attribute(element, "id"))
            if kind and found and found[0] != kind:
                yield f"{part}: {local(element)} leads to a {found[0]}"
        comments = self._tree_of(relations, "comments")
        if comments is not None:
            yield from self._of_comments(part, comments)

    def _of_comments(self, part: str, comments: Element) -> Iterator[str]:
        authors = len(children(comments, "authors", "author"))
        listed = children(comments, "commentList", "comment")
        yield from _repeated(f"{part} has the comment", [c.get("ref", "") for c in listed])
        for comment in listed:
            if int(comment.get("authorId", "0")) >= authors:
                yield f"{part}: the comment {comment.get('ref')} has no author"
        legacy = next((e for e in self._trees[part] if local(e) == "legacyDrawing"), None)
        entry = self._relations[part].get(attribute(legacy, "id")) if legacy is not None else None
        vml = self._parts.get(entry[1], b"") if entry else b""
        rows = [int(n) for n in re.findall(rb"<(?:\w+:)?Row>\s*(\d+)", vml)]
        columns = [int(n) for n in re.findall(rb"<(?:\w+:)?Column>\s*(\d+)", vml)]
        boxes = set(zip(rows, columns, strict=False))
        for comment in listed:
            place = _place(comment.get("ref", ""))
            if place and place not in boxes:
                yield f"{part}: the comment {comment.get('ref')} has no box"
        if len(boxes) > len(listed):
            yield f"{part}: there are more boxes than comments"

    def _of_tables(self) -> Iterator[str]:
        tables = {n: t for n, t in self._trees.items() if local(t) == "table"}
        yield from _repeated("a table's id", [t.get("id", "") for t in tables.values()])
        yield from _repeated(
            "a table's name", [t.get("displayName", "").lower() for t in tables.values()]
        )
        for name, table in tables.items():
            columns = children(table, "tableColumns", "tableColumn")
            yield from _repeated(f"{name}: a column", [c.get("name", "").lower() for c in columns])
            yield from _repeated(f"{name}: a column's id", [c.get("id", "") for c in columns])

    def _of_chain(
        self, relations: dict[str, tuple[str, str]], sheet_parts: dict[str, str]
    ) -> Iterator[str]:
        chain = self._tree_of(relations, "calcChain")
        sheet = "1"
        known: dict[str, set[str]] = {}
        for cell in chain if chain is not None else ():
            sheet = cell.get("i", sheet)
            part = sheet_parts.get(sheet, "")
            if part not in known:
                known[part] = cells_with_formulas(self._trees.get(part, Element("none")))
            if cell.get("r") not in known[part]:
                yield f"the calculation chain names {part} {cell.get('r')}, which has no formula"


def _of_names(tree: Element, sheets: int) -> Iterator[str]:
    names = children(tree, "definedNames", "definedName")
    keys = [f"{n.get('name', '').lower()} of {n.get('localSheetId')}" for n in names]
    yield from _repeated("the defined name", keys)
    for name in names:
        if int(name.get("localSheetId", "0")) >= sheets:
            yield f"the defined name {name.get('name')} belongs to no sheet"


_INDICES = {"fontId": "fonts", "fillId": "fills", "borderId": "borders", "xfId": "cellStyleXfs"}


def _of_styles(styles: Element | None) -> Iterator[str]:
    if styles is None:
        return
    sizes = {local(child): len(child) for child in styles}
    for child in styles:
        if child.get("count") and int(child.get("count", "0")) != len(child):
            yield f"styles: the count of {local(child)} is wrong"
    for holder in ("cellXfs", "cellStyleXfs"):
        for xf in children(styles, holder, "xf"):
            for name, table in _INDICES.items():
                if int(xf.get(name, "0")) >= max(sizes.get(table, 0), 1):
                    yield f"styles: a format of {holder} has a {name} out of range"
    formats = [f.get("numFmtId", "") for f in children(styles, "numFmts", "numFmt")]
    yield from _repeated("styles have the numFmtId", formats)
    styled = [s.get("name", "").lower() for s in children(styles, "cellStyles", "cellStyle")]
    yield from _repeated("styles have the style", styled)


def _of_strings(strings: Element | None) -> Iterator[str]:
    if strings is not None:
        count = sum(1 for child in strings if local(child) == "si")
        if int(strings.get("uniqueCount", count)) != count:
            yield "the uniqueCount of the shared strings is wrong"


def _of_prefixes(name: str, data: bytes) -> Iterator[str]:
    """A prefix that markup compatibility names has to be bound (part 3, section 7)."""
    for found in _PREFIXES.findall(data):
        for prefix in found.split():
            if b"xmlns:" + prefix not in data and name != _key(_TYPES):
                yield f"{name} names the prefix {prefix.decode()}, which is not bound"


def _drawing_ids(tree: Element) -> list[str]:
    """Alternate content says the same thing twice, so its fallback is left out."""
    fallback = {id(e) for f in tree.iter() if local(f) == "Fallback" for e in f.iter()}
    named = (e for e in tree.iter() if local(e) == "cNvPr" and id(e) not in fallback)
    return [each.get("id", "") for each in named]


def _repeated(what: str, keys: list[str]) -> Iterator[str]:
    return (f"{what} {key} twice" for key, count in Counter(keys).items() if count > 1)


def _place(reference: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"([A-Z]+)(\d+)", reference)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _is_xml(name: str, data: bytes) -> bool:
    return not name.endswith(_NOT_XML) and name.endswith((".xml", ".rels"))


def _rels_name(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _target(source: str, target: str) -> str:
    path = unquote(target.replace("\\", "/").partition("#")[0])
    return _key(posixpath.normpath(posixpath.join("/" + posixpath.dirname(source), path)))


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _ending(name: str) -> str:
    return name.rpartition(".")[2]
