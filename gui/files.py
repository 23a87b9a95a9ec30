"""The dialogs in which files are chosen; none of them holds the event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

__all__ = ["choose_files", "choose_target"]

_OPENABLE = "Excel workbooks (*.xlsx *.xlsm *.xltx *.xltm);;All files (*)"


def choose_files(
    parent: QWidget, folder: str, chosen: Callable[[list[str]], object]
) -> QFileDialog:
    """Ask for workbooks to open."""
    dialog = QFileDialog(parent, "Open workbooks", folder, _OPENABLE)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.filesSelected.connect(chosen)
    return _open(dialog, "open")


def choose_target(
    parent: QWidget, title: str, path: str, chosen: Callable[[str], object]
) -> QFileDialog:
    """Ask where to save; a file that is there is replaced only after a question of the dialog."""
    suffix = Path(path).suffix or ".xlsx"
    dialog = QFileDialog(parent, title, path, f"Excel workbook (*{suffix});;All files (*)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setDefaultSuffix(suffix.lstrip("."))
    dialog.selectFile(Path(path).name)
    dialog.fileSelected.connect(chosen)
    return _open(dialog, "save")


def _open(dialog: QFileDialog, name: str) -> QFileDialog:
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog
