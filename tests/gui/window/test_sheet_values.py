"""The model of a sheet, and the rows that it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex

from gui.models.chunks import CHUNK_ROWS, Chunks
from gui.models.sheet_values import SheetValuesModel
from gui.stylesheets import CellStyle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_the_model_keeps_qts_rules(qapp: Any, qtmodeltester: Any) -> None:
    """Before there are rows, and with some."""
    model = SheetValuesModel()
    model.show_sheet(0, 0)
    qtmodeltester.check(model)
    model.put(1, [(1, "two", None, 4.5)] * 300)
    model.end(300)
    qtmodeltester.check(model)
    inner = model.index(0, 0)
    assert model.rowCount(inner) == 0
    assert model.columnCount(inner) == 0
    assert model.rowCount(QModelIndex()) == 340


def test_one_painting_is_one_question(qapp: Any, qtbot: QtBot) -> None:
    """Rows that are shown and not at hand are asked for together, in whole chunks."""
    model = SheetValuesModel()
    model.show_sheet(5_000, 10)
    asked: list[tuple[int, int]] = []
    model.rows_wanted.connect(lambda first, count: asked.append((first, count)))
    for row in range(250, 460):
        model.note_painted(row)
    qtbot.waitUntil(lambda: asked != [], timeout=5_000)
    assert asked == [(201, 400)]
    model.put(201, [(1,)] * 400)
    for row in range(250, 460):
        model.note_painted(row)
    qtbot.wait(20)
    assert asked == [(201, 400)]


def test_a_sheet_that_claims_too_much_is_believed_so_far(qapp: Any) -> None:
    """A million rows that are not there cost nothing; a cell beyond can still be gone to."""
    model = SheetValuesModel()
    model.show_sheet(1_048_576, 16_384)
    assert model.rowCount() == 100_040
    assert model.columnCount() == 516
    model.reach(1_048_576, 16_384)
    assert (model.rowCount(), model.columnCount()) == (1_048_576, 16_384)


def test_a_change_outdates_and_keeps_what_is_shown(qapp: Any) -> None:
    """Old values stay until the new ones are there."""
    model = SheetValuesModel()
    model.show_sheet(10, 2)
    model.put(1, [("old",)] * 10)
    model.end(10)
    model.refresh()
    assert model.value(3, 1) == "old"
    model.put(1, [("new",)] * 10)
    assert model.value(3, 1) == "new"


def test_far_rows_are_dropped() -> None:
    """The least recently read chunks go first, and are wanted again."""
    chunks = Chunks(cells_kept=10_000)
    for number in range(50):
        chunks.put(number * CHUNK_ROWS + 1, [(1,) * 4] * CHUNK_ROWS)
    assert chunks.row(1) is None
    assert chunks.row(50 * CHUNK_ROWS) == (1, 1, 1, 1)
    assert chunks.wanting(1, 10) == (1, CHUNK_ROWS)
    assert chunks.wanting(49 * CHUNK_ROWS + 1, 50 * CHUNK_ROWS) is None


def test_rows_after_the_end_are_empty_and_not_wanted() -> None:
    """The end of a sheet is known once it was read."""
    chunks = Chunks()
    chunks.put(1, [(1,)] * 37)
    assert chunks.wanting(1, 60) == (1, CHUNK_ROWS)
    chunks.end(37)
    assert chunks.wanting(1, 60) is None
    assert chunks.row(38) == ()


def test_fills_keep_their_text_readable(qapp: Any) -> None:
    """A text without a colour of its own is dark on light ground and light on dark."""
    model = SheetValuesModel()
    model.show_sheet(1, 3)
    model.put_styles([CellStyle(), CellStyle(fill="#fff2cc"), CellStyle(fill="#1f3864")])
    model.put_looks({1: (0, 1, 2)})
    model.put(1, [("a", "b", "c")])
    assert [model.colour(1, column) for column in (1, 2, 3)] == [None, "#1d252c", "#ffffff"]
    assert [model.ground(1, column) for column in (1, 2, 3)] == [None, "#fff2cc", "#1f3864"]
