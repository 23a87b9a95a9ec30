"""A change to a sheet merged into its file, as a save does it, for tests to look at."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from openpyxl import load_workbook
from openpyxl.formatting.rule import DataBarRule

from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.parts.forms import Form
from budgetinator.workbooks.merging.parts.linking import PartMerger
from budgetinator.workbooks.merging.rendering.rendering import Rendering, render, render_original
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.writing import write_edit
from tests.workbooks.builders import SHEET, minimal_parts, read_parts, write_zip

Change = Callable[[Any], object]
SHEET_RELS = "xl/worksheets/_rels/sheet1.xml.rels"


@dataclass(frozen=True)
class Merged:
    """The file after the change; `touched` are the parts that were changed or added."""

    path: Path
    parts: dict[str, bytes]
    losses: list[Loss]
    touched: list[str]

    @property
    def sheet(self) -> str:
        """The first sheet's markup."""
        return self.parts[SHEET].decode()


def merge(path: Path, change: Change, which: int = 0) -> Merged:
    """Merge what the change does to a worksheet into a copy of the file beside it."""
    target = path.with_name(f"merged-{path.name}")
    with _quiet(), Package.open(path) as package:
        entry = [each for each in package.sheets if each.kind == "worksheet"][which]
        before = render_original(package, [entry.part])
        workbook = load_workbook(path, keep_vba=path.suffix == ".xlsm")
        sheet = workbook[entry.name]
        change(sheet)
        now = render(workbook, {entry.part: sheet})
        edit = PackageEdit(package)
        merger = PartMerger(edit, before, now)
        merger.merge_sheet(entry.part, before.sheets[entry.part], now.sheets[entry.part])
        edit.remove_unreachable()
        touched = [
            name
            for name in package.names
            if edit.changed_part(name) or (name in edit.streamed and edit.streamed[name].splices)
        ]
        touched += [part.name for part in edit.added_parts()]
        with target.open("wb") as file:
            write_edit(edit, file, 1)
    parts = read_parts(target)
    for name in touched:
        if name in parts and name.endswith((".xml", ".rels")):
            ET.fromstring(parts[name])
    return Merged(target, parts, merger.losses, touched)


def merge_markup(
    folder: Path,
    change: Change,
    before: str = "",
    after: str = "",
    parts: Mapping[str, bytes] | None = None,
) -> str:
    """The same for a sheet with this markup before and after its rows: the sheet's markup then."""
    path = write_zip(
        folder / "book.xlsx", {**minimal_parts(before=before, after=after), **(parts or {})}
    )
    return merge(path, change).sheet


def shown(path: Path, which: int = 0) -> bytes:
    """The same for all files whose worksheet openpyxl reads alike, cells apart."""
    with _quiet(), Package.open(path) as package:
        part = [each.part for each in package.sheets if each.kind == "worksheet"][which]
        rendering = render_original(package, [part])
        return frame_key(rendering, part)


def frame_key(rendering: Rendering, part: str) -> bytes:
    """The same for all renderings of a sheet that mean the same."""
    form = Form(rendering)
    root = form.root(rendering.sheets[part])
    assert root is not None
    return form.key(root)


def resave(path: Path, change: Change, which: int = 0) -> Path:
    """The file with the change, as openpyxl writes all of it."""
    target = path.with_name(f"resaved-{path.name}")
    with _quiet(), Package.open(path) as package:
        names = [each.name for each in package.sheets if each.kind == "worksheet"]
        workbook = load_workbook(path, keep_vba=path.suffix == ".xlsm")
        change(workbook[names[which]])
        workbook.save(target)
    return target


def data_bar(colour: str) -> Any:
    """A rule that shows bars of this colour."""
    make: Any = DataBarRule
    return make("min", None, "max", None, color=colour)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, about what it does not read
        yield
