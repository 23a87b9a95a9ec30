"""Comments of real files changed, and what else those files hold."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.comments import Comment

from tests.workbooks.merging.commenting import Notes, members, merged, notes_in, plain_notes
from tests.workbooks.test_corpus_editing import CORPUS
from tests.workbooks.validity import new_violations

NAMES = (
    "xlsxwriter/comment02.xlsx",
    "xlsxwriter/comment04.xlsx",
    "xlsxwriter/comment13.xlsx",
    "xlsxwriter/button12.xlsx",
    "xlsxwriter/header_image08.xlsx",
    "xlsxwriter/table05.xlsx",
    "poi/SimpleWithComments.xlsx",
    "poi/64759.xlsx",
    "poi/right-to-left.xlsx",
    "poi/48539.xlsx",
)
FILES = [CORPUS / name for name in NAMES if (CORPUS / name).exists()]


def add(notes: Notes) -> None:
    notes[70, 9] = Comment("added", "A new author", width=200, height=100)


def change(notes: Notes) -> None:
    notes[min(notes)].text += " and more"


def remove(notes: Notes) -> None:
    del notes[max(notes)]


def move(notes: Notes) -> None:
    moved = {(row + 3, column): note for (row, column), note in notes.items()}
    notes.clear()
    notes.update(moved)


CHANGES = (add, change, remove, move, Notes.clear)

pytestmark = pytest.mark.skipif(not FILES, reason=f"there is no corpus at {CORPUS}")


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_what_the_comments_concern_changes(
    path: Path, change: Callable[[Notes], None], tmp_path: Path
) -> None:
    """openpyxl reads the comments as they shall be; every other part keeps its bytes."""
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    sheet = next(title for title, notes in notes_in(copy).items() if notes)
    target, losses = merged(copy, change, sheet)
    assert {loss.kind for loss in losses} <= {"threaded_comment"}
    before, after = members(copy), members(target)
    concerned = ("omment", "vmlDrawing", "worksheets/", "[Content_Types]")
    others = {name for name in before | after if not any(each in name for each in concerned)}
    assert {name for name in others if before.get(name) != after.get(name)} == set()
    assert new_violations(copy, target) == []
    for title, notes in notes_in(copy).items():
        if title != sheet:
            assert plain_notes(notes_in(target)[title]) == plain_notes(notes)


@pytest.mark.parametrize(
    "name", ["poi/BrNotClosed.xlsx", "xlsxwriter/button01.xlsx", "xlsxwriter/header_image01.xlsx"]
)
def test_a_first_comment_leaves_controls_and_header_pictures(name: str, tmp_path: Path) -> None:
    """A drawing of controls gets a box, though it be malformed; one of pictures stays as it is."""
    copy = tmp_path / "book.xlsx"
    copy.write_bytes((CORPUS / name).read_bytes())
    target, losses = merged(copy, add, next(iter(notes_in(copy))))
    assert losses == []
    assert new_violations(copy, target) == []
    drawing = "xl/drawings/vmlDrawing1.vml"
    before, after = members(copy)[drawing], members(target)[drawing]
    assert after.startswith(before.rpartition("</xml>")[0])


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_shows_the_comments(tmp_path: Path) -> None:
    """It converts the files without complaint, and finds the new comment in its size."""
    targets = []
    for path in FILES:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        sheet = next(title for title, notes in notes_in(copy).items() if notes)
        targets.append(merged(copy, add, sheet)[0])
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path)]
    subprocess.run([*command, *map(str, targets)], check=True, capture_output=True, timeout=240)
    shown = [target.with_suffix(".fods").read_text(encoding="utf-8") for target in targets]
    assert [
        name.name for name, text in zip(targets, shown, strict=True) if ">added<" not in text
    ] == []
    sizes = ['svg:width="2.0835in" svg:height="1.0417in"' in text for text in shown]
    assert sizes == [True] * len(targets)
