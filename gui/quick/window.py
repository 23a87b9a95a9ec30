"""The light window: sheets and values, who holds the file, memory, and nothing to change."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tkinter import font as tkfont
from tkinter import ttk
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psutil

from budgetinator.errors import BudgetinatorError
from budgetinator.resources import ResourceType, next_component_id
from budgetinator.workbooks.addresses import column_letters
from gui.formatting import format_bytes, format_count
from gui.quick.grid import MOST_COLUMNS, RowGrid
from gui.quick.holders import holders, summary
from gui.quick.rows import SheetRows
from gui.quick.tips import track_tip

if TYPE_CHECKING:
    from budgetinator.runtime import Runtime
    from budgetinator.workbooks import ExcelManager

__all__ = ["QuickWindow"]

SLICE_SECONDS = 0.012
BETWEEN_SLICES_MS = 4
LOOK_EVERY_MS = 1000
PULSE_MS = 100
"""How often Python gets a turn, so that a signal is heard while nothing happens."""
LONGEST_TIP = 2000


class QuickWindow:
    """Shows one workbook until `close`; it owns the manager, and every tool tip.

    A component of the runtime's service: what it holds is let go when it is
    closed, whoever closes it. On the thread of its Tk.
    """

    def __init__(self, root: tk.Tk, manager: ExcelManager, runtime: Runtime) -> None:
        self.root = root
        self.error: BaseException | None = None
        """What ended the window, if something did."""
        self._manager = manager
        self._runtime = runtime
        self._service = runtime.service
        self._path = Path(manager.file_path)
        self._rows: SheetRows | None = None
        self._due: dict[str, str] = {}
        self._is_closed = False
        self._process = psutil.Process()
        self._holders = holders(self._path, runtime.journal)
        self._service.register_component(self, next_component_id("QuickWindow"), "window")
        self._service.track_resource(
            self,
            ResourceType.WORKBOOK,
            manager,
            name=str(self._path),
            cleanup=type(manager).force_close,
        )
        self.sheet_names = list(manager.sheet_names)
        self._build()
        self._look()
        self._pulse()
        self._choose(0)

    def run(self) -> None:
        """Until it is closed; raises what ended it."""
        self.root.mainloop()
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Let go of everything, and end the loop; may be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        for due in self._due.values():
            self.root.after_cancel(due)
        if self._rows is not None:
            self._rows.close()
        try:
            self._service.unregister_component(self)
        finally:
            self.root.update_idletasks()  # what ttk has put off would complain afterwards
            self.root.destroy()

    # How it is built

    def _build(self) -> None:
        self.root.title(f"{self._path.name} - Budgetinator")
        self.root.geometry("980x620")
        self.root.minsize(480, 280)
        ttk.Style(self.root).theme_use("clam")
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        for keys in ("<Control-w>", "<Control-q>"):
            self.root.bind(keys, lambda _event: self.close())
        self.root.report_callback_exception = self._on_exception
        self.root.rowconfigure(1, weight=1)
        self.root.columnconfigure(0, weight=1)
        self._build_head()
        self._build_middle()
        self._build_foot()
        self._give_tips()
        self.grid.tree.focus_set()

    def _build_head(self) -> None:
        head = ttk.Frame(self.root, padding=(10, 8, 10, 6))
        head.grid(row=0, column=0, sticky="ew")
        bold = tkfont.nametofont("TkDefaultFont").copy()
        bold.configure(weight="bold", size=int(bold.cget("size")) + 2)
        self._bold = bold  # Tk forgets a font that nobody holds
        self.title = ttk.Label(head, text=self._path.name, font=bold)
        self.title.pack(side="left")
        self.holder = ttk.Label(head, foreground="#555555")
        self.holder.pack(side="right")

    def _build_middle(self) -> None:
        middle = ttk.PanedWindow(self.root, orient="horizontal")
        middle.grid(row=1, column=0, sticky="nsew", padx=10)
        left = ttk.Frame(middle)
        self.sheets = tk.Listbox(
            left,
            exportselection=False,
            activestyle="none",
            width=20,
            borderwidth=0,
            highlightthickness=1,
            selectbackground="#1f6f54",
            selectforeground="#ffffff",
        )
        for name in self.sheet_names:
            self.sheets.insert("end", f" {name}")
        bar = ttk.Scrollbar(left, orient="vertical", command=self.sheets.yview)
        self.sheets.configure(yscrollcommand=bar.set)
        self.sheets.pack(side="left", fill="both", expand=True)
        bar.pack(side="right", fill="y")
        self.sheets.bind("<<ListboxSelect>>", self._on_sheet)
        middle.add(left, weight=0)
        self.grid = RowGrid(middle, self._fetch)
        middle.add(self.grid, weight=1)

    def _build_foot(self) -> None:
        foot = ttk.Frame(self.root, padding=(10, 5, 10, 6))
        foot.grid(row=2, column=0, sticky="ew")
        self.status = ttk.Label(foot)
        self.status.pack(side="left")
        self.memory = ttk.Label(foot)
        self.memory.pack(side="right")

    def _give_tips(self) -> None:
        texts: dict[str, tuple[tk.Misc, Callable[[], str]]] = {
            "the file": (self.title, self._file_text),
            "its holders": (self.holder, self._holder_text),
            "the sheets": (self.sheets, self._sheet_text),
            "the cells": (self.grid.tree, self._cell_text),
            "the memory": (self.memory, self._memory_text),
        }
        self.tips = [
            track_tip(self._service, self, widget, name, text)
            for name, (widget, text) in texts.items()
        ]

    # Sheets and values

    def _on_sheet(self, _event: Any) -> None:
        chosen = self.sheets.curselection()  # type: ignore[no-untyped-call]
        if chosen:
            self._choose(chosen[0])

    def _choose(self, at: int) -> None:
        """Show the sheet at this place in the list."""
        if self._rows is not None:
            self._rows.close()
        self._rows = None
        if due := self._due.pop("read", None):
            self.root.after_cancel(due)
        self.sheets.selection_clear(0, "end")
        self.sheets.selection_set(at)
        self.grid.begin()
        name = self.sheet_names[at]
        try:
            self._rows = SheetRows(self._manager.values(name))
        except BudgetinatorError as error:
            self.status.configure(text=str(error))
            return
        self._read(name)

    def _read(self, name: str) -> None:
        rows = self._rows
        if rows is None:
            return
        known = len(rows)
        try:
            done = rows.read(SLICE_SECONDS)
        except BudgetinatorError as error:
            self.status.configure(text=str(error))
            rows.close()
            return
        if known <= self.grid.first + self.grid.visible or done:
            self.grid.show(len(rows), rows.columns)
        count = format_count(len(rows), "row")
        cut = f", the first {MOST_COLUMNS} columns" if rows.columns > MOST_COLUMNS else ""
        self.status.configure(text=f"{name}: {count}{cut}" if done else f"{name}: reading, {count}")
        if not done:
            self._later("read", BETWEEN_SLICES_MS, lambda: self._read(name))

    def _fetch(self, first: int, count: int) -> list[tuple[str, ...]]:
        return self._rows.texts(first, count) if self._rows is not None else []

    # What is told

    def _look(self) -> None:
        """Memory, resources and holders, each second."""
        own = self._process.memory_info().rss
        held = self._service.get_statistics()["active_resources"]
        self.memory.configure(text=f"{format_bytes(own)}  ·  {format_count(held, 'resource')}")
        self._holders = holders(self._path, self._runtime.journal)
        self.holder.configure(
            text=summary(self._holders), foreground="#8a5a00" if self._holders else "#555555"
        )
        self._later("look", LOOK_EVERY_MS, self._look)

    def _file_text(self) -> str:
        try:
            status = os.stat(self._path)
        except OSError as error:
            return f"{self._path}\n{error.strerror}"
        changed = datetime.fromtimestamp(status.st_mtime).astimezone()
        return f"{self._path}\n{format_bytes(status.st_size)}, changed {changed:%Y-%m-%d %H:%M:%S}"

    def _holder_text(self) -> str:
        if not self._holders:
            return "No program has left a sign beside the file that it has it open."
        return "\n".join(map(str, self._holders))

    def _sheet_text(self) -> str:
        y = self.sheets.winfo_pointery() - self.sheets.winfo_rooty()
        at: int = self.sheets.nearest(y)  # type: ignore[no-untyped-call]
        return self.sheet_names[at] if 0 <= at < len(self.sheet_names) else ""

    def _cell_text(self) -> str:
        cell = self.grid.cell_at_pointer()
        if cell is None:
            return format_count(len(self._rows) if self._rows is not None else 0, "row")
        row, column, text = cell
        return f"{column_letters(column)}{row}: {text[:LONGEST_TIP] or 'empty'}"

    def _memory_text(self) -> str:
        memory = self._process.memory_info()
        counts = self._service.get_resource_count()
        held = "\n".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        return f"{format_bytes(memory.rss)} in this process\n{held}"

    # Time and errors

    def _later(self, name: str, ms: int, call: Callable[[], object]) -> None:
        if not self._is_closed:
            self._due[name] = self.root.after(ms, call)

    def _pulse(self) -> None:
        self._later("pulse", PULSE_MS, self._pulse)

    def _on_exception(
        self,
        _kind: type[BaseException],
        error: BaseException,
        _trace: TracebackType | None,
    ) -> None:
        """Tk prints what a callback raises and goes on; here it ends the window, and is raised."""
        self.error = error
        self.close()
