"""What a workbook's cells show, read from its XML without the library and without openpyxl.

Cells of a merge count by their outer borders alone, cached results not at all, and
dates to the millisecond, as the rules of the losses say.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

Tree = ET.Element
REFERENCE = re.compile(
    r"(\"[^\"]*\"|'[^']*'!?)|(?<![A-Za-z0-9_.\[$])(\$?)([A-Z]{1,3})(\$?)(\d+)(?![\w.(!\]])"
)
ROW_LOOKS = ("ht", "hidden", "outlineLevel", "collapsed")
BLANKS = re.compile(r"(\"[^\"]*\"|'[^']*')| +")
BOOLEANS = {"true": "1", "false": "0"}
USUAL = {("protection", "locked", "1"), ("border", "outline", "1")}
IGNORED = {
    "uid",
    "count",
    "customHeight",
    "customFormat",
    "spans",
    "thickBot",
    "thickTop",
    "dyDescent",
}


class Book:
    """One file, opened for as long as it takes to read it."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as file:
            self.parts = {name.lower().lstrip("/"): file.read(name) for name in file.namelist()}
        self.main = self.related("", "officeDocument")[0]
        self.strings = self._strings()
        self.styles = Looks(self.xml(each) if (each := self._one("styles")) else None)

    def xml(self, part: str) -> Tree:
        return ET.fromstring(self.parts[part.lower()])

    def relations(self, part: str) -> list[tuple[str, str, str, bool]]:
        folder, name = posixpath.split(part)
        where = posixpath.join(folder, "_rels", f"{name}.rels").lower()
        if where not in self.parts:
            return []
        found = []
        for each in self.xml(where):
            external = each.get("TargetMode") == "External"
            target = each.get("Target", "")
            if not external:
                target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
            found.append(
                (each.get("Id", ""), each.get("Type", "").rpartition("/")[2], target, external)
            )
        return found

    def related(self, part: str, kind: str) -> list[str]:
        return [target for _, each, target, external in self.relations(part) if each == kind]

    def _one(self, kind: str) -> str | None:
        found = [each for each in self.related(self.main, kind) if each.lower() in self.parts]
        return found[0] if found else None

    def _strings(self) -> list[str]:
        part = self._one("sharedStrings")
        return [text_of(each) for each in self.xml(part)] if part else []

    def sheets(self) -> dict[str, dict[str, Any]]:
        targets = {number: target for number, _, target, _ in self.relations(self.main)}
        sheets = {}
        for each in self.xml(self.main).iter():
            if local(each) == "sheet":
                number = next(value for name, value in each.attrib.items() if name.endswith("}id"))
                sheets[each.get("name", "")] = self._sheet(targets[number])
        return sheets

    def names(self) -> list[tuple[str, ...]]:
        found = []
        for each in self.xml(self.main).iter():
            if local(each) == "definedName" and "_FilterDatabase" not in each.get("name", ""):
                text = re.sub(r"'([^'\[\]]+)'!", r"\1!", (each.text or "").strip())
                scope = (
                    each.get("name", ""),
                    each.get("localSheetId", ""),
                    each.get("hidden", "0"),
                )
                found.append((*scope, ",".join(sorted(text.split(",")))))
        return sorted(found)

    def _sheet(self, part: str) -> dict[str, Any]:
        root = self.xml(part)
        merges = sorted(each.get("ref", "") for each in root.iter() if local(each) == "mergeCell")
        covered = {cell for merge in merges for cell in cells_of(merge)[1:]}
        links = {number: target for number, _, target, _ in self.relations(part)}
        shown: dict[str, Any] = {"merges": merges, "cells": {}, "links": {}}
        masters: dict[str, tuple[str, str]] = {}
        for cell in (each for each in root.iter() if local(each) == "c"):
            place = cell.get("r", "")
            content = self._content(cell, masters)
            look = self.styles.cell(cell.get("s", "0"))
            if (
                place
                and place not in covered
                and (content is not None or look != self.styles.cell("0"))
            ):
                shown["cells"][place] = (content, look)
        for each in root.iter():
            if local(each) == "hyperlink":
                number = next((v for k, v in each.attrib.items() if k.endswith("}id")), "")
                rest = [each.get(name, "") for name in ("location", "tooltip", "display")]
                shown["links"][each.get("ref", "")] = [links.get(number, ""), *rest]
        shown["rows"] = {
            each.get("r"): look
            for each in of(root, "row")
            if any(look := [plain_value(each.get(name, "0")) for name in ROW_LOOKS])
            and set(look) != {"0"}
        }
        shown["columns"] = sorted(
            (
                each.get("min"),
                each.get("max"),
                float(each.get("width", 0)),
                plain_value(each.get("hidden", "0")),
            )
            for each in root.iter()
            if local(each) == "col" and float(each.get("width", 0))
        )
        shown["validations"] = sorted(map(self._plain, of(root, "dataValidation")))
        shown["conditions"] = sorted(
            (" ".join(sorted(each.get("sqref", "").split())), self._plain(rule))
            for each in of(root, "conditionalFormatting")
            for rule in of(each, "cfRule")
        )
        shown["comments"] = sorted(
            comment for other in self.related(part, "comments") for comment in self._comments(other)
        )
        shown["images"] = sorted(
            {
                hashlib.sha256(self.parts[image.lower()]).hexdigest()
                for drawing in self.related(part, "drawing")
                for image in self.related(drawing, "image")
            }
        )
        return shown

    def _content(self, cell: Tree, masters: dict[str, tuple[str, str]]) -> Any:
        kind, place = cell.get("t", "n"), cell.get("r", "")
        formula = next(iter(of(cell, "f")), None)
        if formula is not None:
            text = (formula.text or "").strip()
            if formula.get("t") == "shared":
                number = formula.get("si", "")
                if text:
                    masters[number] = (place, text)
                text = moved(masters[number][1], masters[number][0], place)
            array = (formula.get("t"), formula.get("ref")) if formula.get("t") == "array" else ()
            return ("=", BLANKS.sub(lambda found: found[1] or " ", text), *array)
        if kind == "inlineStr":
            return ("text", "".join(text_of(each) for each in of(cell, "is")))
        value = next((each.text for each in cell if local(each) == "v"), None)
        if value is None or value == "":
            return None
        if kind == "s":
            return ("text", self.strings[int(value)])
        if kind == "str":
            return ("text", value)
        if kind in {"n", ""}:
            return ("number", format(float(value), ".12g"))
        return (kind, value)

    def _comments(self, part: str) -> list[tuple[str, str, str]]:
        root = self.xml(part)
        authors = [each.text or "" for each in of(root, "author")]
        return [
            (each.get("ref", ""), authors[int(each.get("authorId", "0"))], text_of(each))
            for each in of(root, "comment")
        ]

    def _plain(self, element: Tree) -> str:
        said = {
            local(name): plain_value(value)
            for name, value in element.attrib.items()
            if local(name) not in IGNORED
            and plain_value(value) not in {"0", "none", "stop", "between"}
        }
        if "dxfId" in said or element.get("dxfId") == "0":
            said["dxfId"] = self.styles.differential(element.get("dxfId", "0"))
        if "sqref" in said:
            said["sqref"] = " ".join(sorted(said["sqref"].split()))
        inner = [self._plain(each) for each in element]
        return repr((local(element), sorted(said.items()), (element.text or "").strip(), inner))


class Looks:
    """Cell formats in words."""

    def __init__(self, sheet: Tree | None) -> None:
        lists = {local(each): list(each) for each in sheet} if sheet is not None else {}
        self._lists = lists
        self.known = bool(lists)
        self._codes = {
            each.get("numFmtId"): each.get("formatCode") for each in lists.get("numFmts", [])
        }
        self._known: dict[str, Any] = {}

    def cell(self, number: str) -> Any:
        if number not in self._known:
            self._known[number] = self._look(int(number))
        return self._known[number]

    def _look(self, number: int) -> Any:
        formats = self._lists.get("cellXfs", [])
        if number >= len(formats):
            return ("General", [], [], [])
        xf = formats[number]
        code = xf.get("numFmtId", "0")
        parts = [
            plain_style(self._lists[where][int(xf.get(name, "0"))])
            for name, where in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders"))
            if where in self._lists
        ]
        placed = [plain_style(each) for each in xf if local(each) == "alignment"]
        locks = [plain_style(each) for each in xf if local(each) == "protection"]
        return (
            builtin(code, self._codes),
            parts,
            [e for e in placed if e[1]],
            [e for e in locks if e[1]],
        )

    def differential(self, number: str) -> str:
        return repr(plain_style(self._lists["dxfs"][int(number)]))


def builtin(number: str, codes: dict[str | None, str | None]) -> str:
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    code = codes.get(number)
    return code if code is not None else BUILTIN_FORMATS.get(int(number), number)


def plain_value(value: str) -> str:
    try:
        return format(float(value), ".12g")
    except ValueError:
        return BOOLEANS.get(value, value)


FLAGS = {"b", "i", "strike", "outline", "shadow", "condense", "extend", "u"}


def plain_style(element: Tree) -> Any:
    flag = local(element) in FLAGS
    said = {
        local(name): value[-6:] if name == "rgb" else plain_value(value)
        for name, value in element.attrib.items()
        if value not in {"0", "none", "general", "bottom", "false"}
        and (local(element), name, plain_value(value)) not in USUAL
        and not (flag and value in {"1", "true", "single"})
    }
    inner = sorted(
        repr(plain_style(each))
        for each in element
        if each.get("val") not in {"0", "none", "false"}
        and not (local(each) == "patternFill" and each.get("patternType", "none") == "none")
        and (each.attrib or len(each) or local(each) in FLAGS)
    )
    return (local(element), sorted(said.items()), inner)


def local(what: Any) -> str:
    return str(getattr(what, "tag", what)).rpartition("}")[2]


def of(element: Tree, name: str) -> list[Tree]:
    return [each for each in element.iter() if local(each) == name]


def text_of(element: Tree) -> str:
    return "".join(each.text or "" for each in of(element, "t"))


def cells_of(area: str) -> list[str]:
    first, _, last = area.partition(":")
    (left, top), (right, bottom) = corner(first), corner(last or first)
    return [letters(c) + str(r) for r in range(top, bottom + 1) for c in range(left, right + 1)]


def corner(cell: str) -> tuple[int, int]:
    name = cell.rstrip("0123456789")
    return column(name), int(cell[len(name) :])


def column(name: str) -> int:
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number


def letters(number: int) -> str:
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def moved(formula: str, start: str, place: str) -> str:
    """The shared formula of one cell as another has it: relative references move along."""
    (from_column, from_row), (to_column, to_row) = corner(start), corner(place)

    def move(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        right = found[3] if found[2] else letters(column(found[3]) + to_column - from_column)
        down = found[5] if found[4] else str(int(found[5]) + to_row - from_row)
        return f"{found[2]}{right}{found[4]}{down}"

    return REFERENCE.sub(move, formula)
