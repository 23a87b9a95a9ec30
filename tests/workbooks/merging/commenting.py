"""Comments changed in a file through the merge of comments, and read back by openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from copy import copy
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment

from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.comments.comments import merge_comments
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.writing import write_edit

__all__ = ["Notes", "members", "merged", "notes_in", "plain_notes", "with_notes"]

Notes = dict[tuple[int, int], Comment]


def with_notes(path: Path, notes: dict[str, str], *sheets: str) -> Path:
    """A workbook by openpyxl with these comments on each of its sheets."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for title in sheets or ("Budget",):
        sheet = workbook.create_sheet(title)
        sheet["A1"] = "Travel"
        for reference, text in notes.items():
            sheet[reference].comment = Comment(text, "Ann")
    workbook.save(path)
    workbook.close()
    return path


def notes_in(path: Path) -> dict[str, Notes]:
    """By sheet and cell, the comments that openpyxl reads."""
    workbook = openpyxl.load_workbook(path)
    found = {
        sheet.title: {
            place: cell.comment for place, cell in vars(sheet)["_cells"].items() if cell.comment
        }
        for sheet in workbook.worksheets
    }
    workbook.close()
    return found


def plain_notes(notes: Notes) -> dict[tuple[int, int], tuple[str, str]]:
    """Their texts and authors."""
    return {place: (note.text, note.author) for place, note in notes.items()}


def merged(
    path: Path, change: Callable[[Notes], object], sheet: str = "Budget"
) -> tuple[Path, list[Loss]]:
    """The file, beside the original, with the comments of a sheet changed; what that loses."""
    target = path.with_name("merged-" + path.name)
    before = notes_in(path)[sheet]
    now = {place: copy(note) for place, note in before.items()}
    change(now)
    with Package.open(path) as package, target.open("wb") as output:
        edit = PackageEdit(package)
        part = next(entry.part for entry in package.sheets if entry.name == sheet)
        losses = merge_comments(edit, part, before, now)
        edit.remove_unreachable()
        write_edit(edit, output, 1)
    assert plain_notes(notes_in(target)[sheet]) == plain_notes(now)
    return target, losses


def members(path: Path) -> dict[str, str]:
    """The parts' texts."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
