"""What is done with an open workbook.

Each step begins something; whoever takes it decides whether its end is waited for, and whether
it is cancelled before.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

from budgetinator.workbooks.addresses import quote_sheet
from gui.tabs.workbook import WorkbookTab
from tests.gui.cycles.desk import Desk

__all__ = ["CANCELLED", "STEPS", "Step"]

Step = Callable[[Desk, WorkbookTab], object]
PLUGINS = ("example_plugin", "partner_csv", "currency")


def read_another_sheet(desk: Desk, tab: WorkbookTab) -> None:
    if tab.host is not None:
        tab.show_sheet(desk.dice.choice(tab.host.sheets).title)


def scroll(desk: Desk, tab: WorkbookTab) -> None:
    row = desk.dice.randrange(1, max(2, tab.model.rowCount()))
    tab.grid.go_to(row, 1)


def edit(desk: Desk, tab: WorkbookTab) -> None:
    if tab.host is not None:
        sheet = quote_sheet(desk.dice.choice(tab.host.sheets).title)
        cells = {f"{sheet}!{each}1": desk.dice.randrange(10) for each in "ZYX"}
        tab.set_cells(dict(list(cells.items())[: desk.dice.randint(1, 3)]), "edit")


def undo(desk: Desk, tab: WorkbookTab) -> None:
    tab.undo_stack.undo()


def redo(desk: Desk, tab: WorkbookTab) -> None:
    tab.undo_stack.redo()


def save(desk: Desk, tab: WorkbookTab) -> None:
    tab.save()


def save_as(desk: Desk, tab: WorkbookTab) -> None:
    if tab.host is not None:
        tab.save_as(str(desk.books / f"as {desk.dice.randrange(3)}{os.path.splitext(tab.path)[1]}"))


def save_a_copy(desk: Desk, tab: WorkbookTab) -> None:
    if tab.host is not None:
        tab.save_copy_to(str(desk.books / f"copy{os.path.splitext(tab.path)[1]}"))


def check(desk: Desk, tab: WorkbookTab) -> None:
    tab.check()


def recalculate(desk: Desk, tab: WorkbookTab) -> None:
    tab.recalculate()


def reload(desk: Desk, tab: WorkbookTab) -> None:
    tab.reload()


def find(desk: Desk, tab: WorkbookTab) -> None:
    sheet = tab.sheet_bar.current
    if tab.host is not None and sheet is not None:
        tab.search.find(tab.host, sheet, "a", (1, 1), backwards=desk.dice.random() < 0.5)


def copy_all(desk: Desk, tab: WorkbookTab) -> None:
    tab.grid.selectAll()  # the sum of it all is read as well
    tab.clipboard.copy()


def be_changed_by_another(desk: Desk, tab: WorkbookTab) -> None:
    if os.path.exists(tab.path):
        os.utime(tab.path)
        tab.outside.watch.look()


def kill_the_host(desk: Desk, tab: WorkbookTab) -> None:
    """The window notices, and opens the workbook again with what was unsaved."""
    if tab.host is not None:
        os.kill(tab.host.pid, signal.SIGKILL)
        desk.until(lambda: tab.host is None, "noticing that a process was killed")
        tab.open()


def use_a_plugin(desk: Desk, tab: WorkbookTab) -> None:
    """Its tab is opened, and closed again, which unloads it."""
    window, manager = desk.window, desk.runtime.plugin_manager
    window.pages.fill_plugins()
    assert window.pages.plugins is not None
    name = desk.dice.choice(PLUGINS)
    window.pages.plugins.show_plugin(name)
    assert [info.plugin_id for info in manager.get_loaded_plugins()] == [name]
    desk.note_classes(f"gui.plugins.{name}")
    desk.a_moment()
    window.tabs.close_current()
    desk.until(lambda: not manager.get_loaded_plugins(), "unloading a plugin")
    window.tabs.setCurrentWidget(tab)


def look_at_the_monitor(desk: Desk, tab: WorkbookTab) -> None:
    desk.window.pages.show_monitor()
    desk.a_moment()
    assert desk.window.pages.monitor is not None
    desk.window.pages.monitor.close()


STEPS: Mapping[str, Step] = {
    "read another sheet": read_another_sheet,
    "scroll": scroll,
    "edit": edit,
    "edit again": edit,
    "undo": undo,
    "redo": redo,
    "save": save,
    "save as": save_as,
    "save a copy": save_a_copy,
    "check": check,
    "reload": reload,
    "find": find,
    "copy all": copy_all,
    "changed by another": be_changed_by_another,
    "host killed": kill_the_host,
    "plugin": use_a_plugin,
    "monitor": look_at_the_monitor,
}
CANCELLED: Mapping[str, Step] = {
    "reading cancelled": read_another_sheet,
    "check cancelled": check,
    "recalculation cancelled": recalculate,
    "reload cancelled": reload,
}
