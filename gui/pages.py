"""What the window shows besides workbooks: the monitor, the plugins, what this program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from budgetinator import __version__
from gui.plugin_tabs import PluginTabs

if TYPE_CHECKING:
    from gui.dialogs.resource_monitor import ResourceMonitorDialog
    from gui.main_window import MainWindow

__all__ = ["Pages"]


class Pages(QObject):
    """Made when they are first asked for, and ended with the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.monitor: ResourceMonitorDialog | None = None
        self.plugins: PluginTabs | None = None

    def show_monitor(self) -> None:
        """The resource monitor, beside the window."""
        from gui.dialogs.resource_monitor import ResourceMonitorDialog

        if self.monitor is None:
            self.monitor = ResourceMonitorDialog(
                self._window, service=self._window.runtime.service, bridge=self._window.bridge
            )
        self.monitor.show()
        self.monitor.activateWindow()

    def fill_plugins(self) -> None:
        """The menu of the plugins."""
        menu = self._window.menus.plugins
        menu.clear()
        self._plugin_tabs().fill(menu)
        menu.addSeparator()
        menu.addAction(self._window.menus.actions["plugins"])

    def show_plugins(self) -> None:
        """The page of the plugins."""
        self._plugin_tabs().show_page()

    def show_about(self) -> None:
        """What this program is."""
        box = QMessageBox(self._window)
        box.setObjectName("about")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About Budgetinator")
        box.setText(f"Budgetinator {__version__}")
        box.setInformativeText(
            "Opens, holds, edits and saves Excel budget workbooks, and loses no figure.\n\n"
            "MIT licence. Made with Qt for Python (LGPL) and openpyxl (MIT)."
        )
        box.open()

    def end(self) -> None:
        """Take the pages down."""
        if self.plugins is not None:
            self.plugins.end()
        if self.monitor is not None:
            self.monitor.close()

    def _plugin_tabs(self) -> PluginTabs:
        if self.plugins is None:
            self.plugins = PluginTabs(self._window)
        return self.plugins
