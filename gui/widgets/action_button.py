"""The button of an action in a tool bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolBar, QToolButton

__all__ = ["ActionButton"]


class ActionButton(QToolButton):
    """Shows one action, as it is at each moment, and triggers it.

    `setDefaultAction` would do that as well, and with it the button that a tool bar makes of an
    action; but in Qt 6.11 both connect once more with each change of the action and keep 144
    bytes for it, three kilobytes for each workbook that is opened and closed.
    """

    def __init__(self, action: QAction, bar: QToolBar) -> None:
        super().__init__(bar)
        self._action = action
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setIconSize(bar.iconSize())
        bar.addWidget(self)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        action = self._action
        self.setEnabled(action.isEnabled())
        self.setIcon(action.icon())
        self.setToolTip(action.toolTip())
