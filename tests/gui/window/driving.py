"""What tests do to the window: with keys and the mouse, and by waiting for what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QWidget

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

PATIENCE = 20_000  # ms

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def go_to(qtbot: QtBot, tab: WorkbookTab, reference: str) -> None:
    """By the name box."""
    tab.formula_bar.begin_go_to()
    QTest.keyClicks(tab.formula_bar.name_box, reference)
    QTest.keyClick(tab.formula_bar.name_box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.grid.contents is not None, timeout=PATIENCE)


def editor_of(tab: WorkbookTab) -> QLineEdit:
    """The line in which a cell is edited."""
    return next(
        line
        for line in tab.grid.viewport().findChildren(QLineEdit)
        if line.property("inCell") and line.isVisible()
    )


def type_into_cell(tab: WorkbookTab, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    """As people do: the first sign begins the entry, the rest goes to the editor."""
    QTest.keyClick(tab.grid, text[0])
    editor = editor_of(tab)
    QTest.keyClicks(editor, text[1:])
    QTest.keyClick(editor, end)


def wait_until_idle(qtbot: QtBot, tab: WorkbookTab) -> None:
    """Until no edit, save or reading is under way."""
    qtbot.waitUntil(
        lambda: not tab.edits.is_busy and not tab.saving.is_running and not tab.feed.is_reading,
        timeout=PATIENCE,
    )


def enter(qtbot: QtBot, tab: WorkbookTab, reference: str, text: str) -> None:
    """Go to a cell, type, and wait until the workbook has it."""
    go_to(qtbot, tab, reference)
    step = tab.undo_stack.index()
    type_into_cell(tab, text)
    qtbot.waitUntil(lambda: tab.undo_stack.index() == step + 1, timeout=PATIENCE)
    wait_until_idle(qtbot, tab)


def question(window: MainWindow) -> QMessageBox:
    """The question about unsaved changes that is on the screen."""
    return next(
        box
        for box in window.findChildren(QMessageBox)
        if box.objectName() == "unsaved" and box.isVisible()
    )


def answer(window: MainWindow, button: QMessageBox.StandardButton) -> None:
    """Click a button of that question."""
    click(question(window).button(button))


def click(widget: QWidget, where: QPoint | None = None) -> None:
    """With the left button, in the middle."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where or widget.rect().center())


def focus(widget: QWidget) -> None:
    """Have the keyboard."""
    widget.activateWindow()
    widget.setFocus()
    QApplication.processEvents()
