"""The base of plugins with a widget: the seeds' `PluginBase(QWidget)`.

The life of a plugin and its resources stand in the library (`PluginLifeCycle`); here are
the Qt signals, what closing the widget means, and what must be gone with it.
"""

from __future__ import annotations

import logging
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from budgetinator.plugins import PluginLifeCycle
from budgetinator.resources import ComponentState

__all__ = ["PluginBase"]

log = logging.getLogger("budgetinator.plugins")


class PluginBase(PluginLifeCycle, QWidget):
    """Base of plugins and tabs; a subclass overrides `initialize` and `_cleanup_resources`.

    To be made and used on the GUI thread. Whoever shows it gives it a parent; the plugin
    manager takes it out again when it is unloaded. A slot of the plugin is a method and no
    lambda, which would hold the plugin from within Qt, where nothing can find it.
    """

    plugin_activated = Signal()
    plugin_deactivated = Signal()
    resource_tracked = Signal(str)

    def __init__(
        self, plugin_id: str, plugin_type: str = "plugin", parent: QWidget | None = None
    ) -> None:
        QWidget.__init__(self, parent)
        self._enlist(plugin_id, plugin_type)

    def deactivate(self) -> None:
        """Have it pause; one whose widget Qt has deleted tells nobody."""
        if isValid(self):
            super().deactivate()
        elif self.state is ComponentState.ACTIVE:
            self._turn(ComponentState.PAUSED)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Pause and clean up; what fails is logged, because nobody could catch it here."""
        try:
            self.cleanup()
        except ExceptionGroup:
            log.exception("Plugin %s could not be cleaned up completely", self.plugin_id)
        super().closeEvent(event)

    def take_leave(self) -> None:
        """Come out of the window that shows it, and belong to nobody but Python."""
        if isValid(self):
            self.hide()
            self.setParent(None)

    def abandon(self) -> None:
        """Have the event loop delete the widget, and with it what Qt holds, such as a lambda."""
        if isValid(self):
            self.deleteLater()

    def parts(self, package: str) -> list[Any]:
        """Everything that Qt has below the widget, and the plugin's own windows."""
        windows = [
            each
            for each in QApplication.topLevelWidgets()
            if each is not self and _is_of(package, each)
        ]
        below = self.findChildren(QObject) if isValid(self) else []
        return [*below, *windows]


def _is_of(package: str, thing: object) -> bool:
    home = type(thing).__module__
    return home == package or home.startswith(f"{package}.")
