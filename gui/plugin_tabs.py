"""The tabs of plugins, and what the window lends to them.

A plugin is loaded when its tab is asked for, and unloaded when that is closed: a window
that shows none has run nothing of any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from budgetinator.errors import WorkbookClosed
from budgetinator.plugins import PluginManager

if TYPE_CHECKING:
    from budgetinator.workbooks import WorkbookHost
    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

__all__ = ["LentWorkbook", "PluginTabs", "WindowWorkbench"]


class LentWorkbook:
    """An open workbook as plugins see it: `budgetinator.plugins.OpenWorkbook`.

    Made on the GUI thread; `apply` may be called on any, and touches no widget.
    """

    def __init__(self, tab: WorkbookTab, host: WorkbookHost, changed: Callable[[str], None]):
        self.path = Path(tab.path)
        self.is_modified = tab.is_modified
        self._host: WorkbookHost | None = host
        self._changed = changed

    def apply(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        """Run `operation(openpyxl workbook, *arguments)` where the workbook is; blocks."""
        if self._host is None or not self._host.is_open:
            raise WorkbookClosed(f"{self.path} is not open.", path=str(self.path))
        try:
            return self._host.change(operation, *arguments)
        finally:
            self._changed(str(self.path))


class WindowWorkbench(QObject):
    """The window's workbooks for plugins: `budgetinator.plugins.Workbench`."""

    changed = Signal(str)
    """The path of a workbook that a plugin has changed, in whatever thread."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.changed.connect(self._show_changes)

    def active(self) -> LentWorkbook | None:
        """The one in front, or the one that was before a plugin's tab was shown."""
        return self._lent(self._window.tabs.latest_workbook())

    def workbooks(self) -> Sequence[LentWorkbook]:
        """All that are open."""
        lent = map(self._lent, self._window.workbooks())
        return tuple(workbook for workbook in lent if workbook is not None)

    def _lent(self, tab: WorkbookTab | None) -> LentWorkbook | None:
        if tab is None or tab.host is None:
            return None
        return LentWorkbook(tab, tab.host, self.changed.emit)

    def _show_changes(self, path: str) -> None:
        for tab in self._window.workbooks():
            if tab.path == path and tab.is_open:
                tab.changed_elsewhere()


class PluginTabs(QObject):
    """Adds and removes the tabs of plugins as their manager loads and unloads them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._manager: PluginManager = window.runtime.plugin_manager
        self._manager.workbench = WindowWorkbench(window)
        self._page: QWidget | None = None
        self._shown: dict[str, QWidget] = {}
        self._undo = [
            self._manager.plugin_unloading.connect(self._unloading),
        ]
        window.tabs.currentChanged.connect(self._activate)
        self._manager.discover_plugins()

    def fill(self, menu: QMenu) -> None:
        """An action for each plugin that is trusted and not switched off."""
        for info in self._manager.plugins:
            action = menu.addAction(info.name.replace("&", "&&"))
            action.setToolTip(info.description)
            action.setEnabled(info.trusted and info.off is None)
            action.triggered.connect(partial(self._asked, info.plugin_id))

    def show_page(self) -> None:
        """The page on which plugins are trusted, loaded and unloaded."""
        from gui.widgets.plugins_page import PluginsPage

        if self._page is None:
            self._manager.discover_plugins()
            page = PluginsPage(self._manager, self._window)
            page.open_requested.connect(self.show_plugin)
            self._page = page
        self._window.show_page(self._page, "Plugins", self._close_page)

    def show_plugin(self, plugin_id: str) -> None:
        """The tab of a plugin, which is loaded if it is not; a failure is told."""
        if self._manager.get_plugin(plugin_id) is None:
            result = self._manager.load_plugin(plugin_id)
            if not result.success:
                self._window.show_message(str(result.error), "error")
                return
        widget = self._manager.get_plugin(plugin_id)
        if isinstance(widget, QWidget):
            self._shown[plugin_id] = widget
            title = widget.windowTitle() or plugin_id
            self._window.show_page(widget, title, partial(self._unload, plugin_id))

    def end(self) -> None:
        """Let go of every widget; the manager unloads the plugins."""
        for plugin_id in tuple(self._shown):
            self._unload(plugin_id)
        for undo in self._undo:
            undo()
        self._manager.workbench = None

    def _asked(self, plugin_id: str, _checked: bool = False) -> None:
        self.show_plugin(plugin_id)

    def _unload(self, plugin_id: str) -> None:
        result = self._manager.unload_plugin(plugin_id, dependants=True)
        if not result.success:
            self._window.show_message(str(result.error), "warning")

    def _unloading(self, plugin_id: str) -> None:
        widget = self._shown.pop(plugin_id, None)
        if widget is not None:
            self._window.remove_plugin_tab(widget)

    def _close_page(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            self._window.remove_plugin_tab(page)
            page.deleteLater()

    def _activate(self, _index: int) -> None:
        current = self._window.tabs.currentWidget()
        for widget in self._shown.values():
            plugin: Any = widget
            if widget is current:
                plugin.activate()
            else:
                plugin.deactivate()
