"""The actions of the window, as one table, and the menus and the tool bar made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar

from gui.icons import icon
from gui.widgets.action_button import ActionButton

__all__ = ["Entry", "Menus"]

Key = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class Entry:
    """One action: its name for the program, its text, keys, picture, and what it is good for.

    `needs` says when it can be used: always (""), with a tab, with an open workbook.
    """

    name: str
    text: str
    keys: tuple[Key | str, ...] = ()
    picture: str = ""
    tip: str = ""
    needs: str = ""
    in_tool_bar: bool = False


SEPARATOR = Entry("", "")
MENUS: dict[str, tuple[Entry, ...]] = {
    "&File": (
        Entry("new", "&New Budget…", (Key.New,), tip="A blank budget workbook to begin with"),
        Entry("open", "&Open…", (Key.Open,), "open", "Open workbooks", in_tool_bar=True),
        Entry("recent", "Open &Recent"),
        SEPARATOR,
        Entry(
            "save",
            "&Save",
            (Key.Save,),
            "save",
            "Save to its own file",
            "workbook",
            in_tool_bar=True,
        ),
        Entry(
            "save_as",
            "Save &As…",
            ("Ctrl+Shift+S",),
            tip="Save elsewhere and go on there",
            needs="workbook",
        ),
        Entry("save_copy", "Save a &Copy…", tip="Save elsewhere and stay here", needs="workbook"),
        Entry("reload", "&Reload from Disk", ("F5",), needs="workbook"),
        SEPARATOR,
        Entry("close_tab", "&Close", ("Ctrl+W",), needs="tab"),
        Entry("quit", "&Quit", ("Ctrl+Q",)),
    ),
    "&Edit": (
        Entry("undo", "&Undo", (Key.Undo,), "undo", in_tool_bar=True),
        Entry("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", in_tool_bar=True),
        SEPARATOR,
        Entry("copy", "&Copy", tip="As tab-separated text (Ctrl+C)", needs="workbook"),
        Entry("paste", "&Paste", tip="From tab-separated text (Ctrl+V)", needs="workbook"),
        Entry("clear", "C&lear Cells", tip="Empty the selected cells (Del)", needs="workbook"),
        Entry("edit_cell", "&Edit Cell", tip="F2", needs="workbook"),
        SEPARATOR,
        Entry(
            "find",
            "&Find in Sheet…",
            (Key.Find,),
            "find",
            "Find a text in this sheet",
            "workbook",
            in_tool_bar=True,
        ),
        Entry("go_to", "&Go to Cell…", ("Ctrl+G",), needs="workbook"),
    ),
    "&View": (
        Entry("next_sheet", "&Next Sheet", ("Ctrl+PgDown",), needs="workbook"),
        Entry("previous_sheet", "&Previous Sheet", ("Ctrl+PgUp",), needs="workbook"),
        SEPARATOR,
        Entry("next_tab", "Next &Workbook", ("Ctrl+Tab",), needs="tab"),
        Entry("previous_tab", "Previous W&orkbook", ("Ctrl+Shift+Tab",), needs="tab"),
        SEPARATOR,
        Entry("welcome", "&Start Page"),
    ),
    "&Tools": (
        Entry(
            "check",
            "&Check the Budget",
            ("F7",),
            "check",
            "What is wrong with this budget",
            "workbook",
            in_tool_bar=True,
        ),
        Entry(
            "recalculate",
            "&Recalculate with LibreOffice",
            ("F9",),
            "calculate",
            "Have LibreOffice compute the saved workbook",
            "workbook",
            in_tool_bar=True,
        ),
        SEPARATOR,
        Entry("monitor", "Resource &Monitor…", ("Ctrl+M",)),
        Entry("plugin_menu", "&Plugins"),
        Entry("plugins", "&Manage Plugins"),
    ),
    "&Help": (Entry("about", "&About Budgetinator"),),
}


class Menus:
    """The window's actions by name; `do` gives them functions, `update` enables them."""

    def __init__(self, window: QMainWindow) -> None:
        self.actions: dict[str, QAction] = {}
        self.recent = QMenu("Open &Recent", window)
        self.plugins = QMenu("&Plugins", window)
        self.plugins.setToolTipsVisible(True)
        self.tool_bar = QToolBar("Tools", window)
        self.tool_bar.setObjectName("tools")
        self.tool_bar.setMovable(False)
        self.tool_bar.setIconSize(QSize(18, 18))
        self.tool_bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        window.addToolBar(self.tool_bar)
        self._entries: dict[str, Entry] = {}
        for title, entries in MENUS.items():
            menu = window.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            for entry in entries:
                self._add(window, menu, entry)

    def do(self, functions: dict[str, Callable[[], object]]) -> None:
        """What each action does."""
        for name, function in functions.items():
            self.actions[name].triggered.connect(partial(_call, function))

    def update(self, *, has_tab: bool, has_workbook: bool) -> None:
        """Enable what can be used now."""
        can_use = {"": True, "tab": has_tab, "workbook": has_workbook}
        for name, entry in self._entries.items():
            self.actions[name].setEnabled(can_use[entry.needs])

    def show_recent(self, paths: tuple[str, ...], opened: Callable[[list[str]], object]) -> None:
        """The recent files as a menu."""
        self.recent.clear()
        for path in paths:
            action = self.recent.addAction(path.replace("&", "&&"))
            action.triggered.connect(partial(_call, partial(opened, [path])))
        self.recent.setEnabled(bool(paths))

    def name_step(self, name: str, step: str) -> None:
        """What undo or redo would do next."""
        self.actions[name].setText(f"{self._entries[name].text} {step}".rstrip())

    def refresh_icons(self) -> None:
        """Draw the pictures anew, in the colours of now."""
        for name, entry in self._entries.items():
            if entry.picture:
                self.actions[name].setIcon(icon(entry.picture))

    def _add(self, window: QMainWindow, menu: QMenu, entry: Entry) -> None:
        if entry is SEPARATOR:
            menu.addSeparator()
            return
        if entry.name in {"recent", "plugin_menu"}:
            menu.addMenu(self.recent if entry.name == "recent" else self.plugins)
            return
        action = QAction(entry.text, window)
        action.setObjectName(entry.name)
        if entry.picture:
            action.setIcon(icon(entry.picture))
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        plain = entry.text.replace("&", "").rstrip("…")
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{entry.tip or plain}{f'  ({keys})' if keys else ''}")
        menu.addAction(action)
        self.actions[entry.name] = action
        self._entries[entry.name] = entry
        if entry.in_tool_bar:
            ActionButton(action, self.tool_bar).setAccessibleName(plain)


def _call(function: Callable[[], object], _checked: bool = False) -> None:
    function()
