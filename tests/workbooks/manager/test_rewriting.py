from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.workbooks.manager.conftest import Manage
from tests.workbooks.manager.making import make_budget, make_macro_budget, parts_of

drawing = pytest.importorskip("openpyxl.drawing.image")
pillow = pytest.importorskip("PIL.Image")


def test_a_workbook_with_an_image_can_be_saved_again(manage: Manage, folder: Path) -> None:
    """openpyxl closes an image when it has written it; here the second save has it still."""
    path = make_budget(folder / "image.xlsx")
    picture = folder / "picture.png"
    pillow.new("RGB", (4, 4), "red").save(picture)
    book = openpyxl.load_workbook(path)
    book["Plan"].add_image(drawing.Image(str(picture)), "E5")
    book.save(path)
    manager = manage(path)
    for number in (1, 2):
        manager.active_sheet["B2"] = number
        manager.save(allow_loss=True)
        assert not manager.is_modified
        assert parts_of(path)["xl/media/image1.png"] == picture.read_bytes()


def test_a_macro_workbook_needs_no_macros(manage: Manage, folder: Path) -> None:
    """One that is named and typed for macros and has none is saved without a way to them."""
    path = make_macro_budget(folder / "none.xlsm", macros=False)
    manager = manage(path)
    manager.active_sheet["B2"] = 1
    manager.save(allow_loss=True)
    assert b"vbaProject" not in parts_of(path)["xl/_rels/workbook.xml.rels"]
    assert b"macroEnabled" in parts_of(path)["[Content_Types].xml"]
