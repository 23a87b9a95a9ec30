"""The question before changes would be lost: Save, Discard or Cancel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["Answer", "ask_about_changes"]

Answer = Literal["save", "discard", "cancel"]
_BUTTONS = QMessageBox.StandardButton
_ANSWERS: dict[QMessageBox.StandardButton, Answer] = {
    _BUTTONS.Save: "save",
    _BUTTONS.SaveAll: "save",
    _BUTTONS.Discard: "discard",
    _BUTTONS.Cancel: "cancel",
}


def ask_about_changes(
    parent: QWidget, names: Sequence[str], answered: Callable[[Answer], object]
) -> QMessageBox:
    """Ask, without holding the event loop; Escape is Cancel. Returns the open box."""
    save = _BUTTONS.Save if len(names) == 1 else _BUTTONS.SaveAll
    box = QMessageBox(parent)
    box.setObjectName("unsaved")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("Unsaved changes")
    box.setIcon(QMessageBox.Icon.NoIcon)
    if len(names) == 1:
        box.setText(f"Save the changes to {names[0]}?")
    else:
        box.setText("Save the changes to these workbooks?\n\n" + "\n".join(names))
    box.setInformativeText("What is not saved is lost when it is closed.")
    box.setStandardButtons(save | _BUTTONS.Discard | _BUTTONS.Cancel)
    box.setDefaultButton(save)
    box.setEscapeButton(_BUTTONS.Cancel)
    box.buttonClicked.connect(partial(_clicked, box, answered))
    box.open()
    return box


def _clicked(box: QMessageBox, answered: Callable[[Answer], object], button: object) -> None:
    answered(_ANSWERS[box.standardButton(button)])  # type: ignore[arg-type]
