"""A table that holds the rows in sight and no others."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from budgetinator.workbooks.addresses import column_letters

__all__ = ["RowGrid"]

MOST_COLUMNS = 256
"""Tk lays out every column that there is, in sight or not."""
COLUMN_WIDTH = 110
NUMBER_WIDTH = 70
WHEEL_ROWS = 3

Fetch = Callable[[int, int], list[tuple[str, ...]]]
"""Rows from one on, counted from 0: (first, count)."""


class RowGrid(ttk.Frame):
    """A Treeview as high as the window, filled from `fetch` wherever it is scrolled to.

    As many items as fit are made once; scrolling gives them other texts.
    """

    def __init__(self, master: tk.Misc, fetch: Fetch) -> None:
        super().__init__(master)
        self._fetch = fetch
        self._total = 0
        self._columns = 0
        self._first = 0
        self._current = 0
        self._line = tkfont.nametofont("TkDefaultFont").metrics("linespace") + 6
        ttk.Style(self).configure("Grid.Treeview", rowheight=self._line)
        self.tree = ttk.Treeview(self, style="Grid.Treeview", selectmode="browse")
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._on_bar)
        across = ttk.Scrollbar(self, orient="horizontal", command=self.tree.xview)
        self.tree.configure(xscrollcommand=across.set)
        self.tree.grid(row=0, column=0, sticky="nsew")
        self._bar.grid(row=0, column=1, sticky="ns")
        across.grid(row=1, column=0, sticky="ew")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.tree.column("#0", width=NUMBER_WIDTH, stretch=False, anchor="e")
        self._bind()

    @property
    def first(self) -> int:
        """The topmost row, counted from 0."""
        return self._first

    @property
    def visible(self) -> int:
        """How many rows are wholly in sight, at least one."""
        items = self.tree.get_children()
        box = self.tree.bbox(items[0]) if items else ""
        heading = int(box[1]) if box else self._line + 6
        return max(1, (self.tree.winfo_height() - heading) // self._line)

    def begin(self) -> None:
        """Show another sheet, from its first row on."""
        self._total = self._columns = self._first = self._current = 0
        self.tree.configure(columns=())
        self.show(0, 0)

    def show(self, total: int, columns: int) -> None:
        """There are so many rows and columns now; paints what is in sight."""
        grown = min(columns, MOST_COLUMNS)
        if grown > self._columns:
            self._columns = grown
            self._make_columns()
        self._total = total
        self.fill()

    def scroll_to(self, first: int) -> None:
        """Make this row, counted from 0, the topmost one, as far as that goes."""
        self._first = max(0, min(first, self._total - self.visible))
        self.fill()

    def go_to(self, row: int) -> None:
        """Select a row, counted from 0, and scroll so that it is in sight."""
        self._current = max(0, min(row, self._total - 1))
        fits = self.visible
        if self._current < self._first:
            self.scroll_to(self._current)
        elif self._current >= self._first + fits:
            self.scroll_to(self._current - fits + 1)
        else:
            self.fill()

    def cell_at_pointer(self) -> tuple[int, int, str] | None:
        """Row and column, from 1, and the text of the cell under the pointer."""
        x = self.tree.winfo_pointerx() - self.tree.winfo_rootx()
        y = self.tree.winfo_pointery() - self.tree.winfo_rooty()
        item, column = self.tree.identify_row(y), self.tree.identify_column(x)
        if not item or column in ("", "#0"):
            return None
        row, number = self._first + self.tree.index(item), int(column[1:])
        found = self._fetch(row, 1)
        if not found:
            return None
        texts = found[0]
        return row + 1, number, texts[number - 1] if number <= len(texts) else ""

    def fill(self) -> None:
        """Paint the rows in sight anew."""
        rows = self._fetch(self._first, self.visible + 1)  # and one that is cut off
        items = self.tree.get_children()
        for _ in range(len(rows) - len(items)):
            self.tree.insert("", "end")
        items = self.tree.get_children()
        if len(items) > len(rows):
            self.tree.delete(*items[len(rows) :])
        for at, (item, texts) in enumerate(zip(items, rows, strict=False)):
            self.tree.item(item, text=f"{self._first + at + 1:,}  ", values=texts[: self._columns])
        self._select(items)
        self._move_bar()

    def _select(self, items: tuple[str, ...]) -> None:
        at = self._current - self._first
        wanted = items[at] if 0 <= at < len(items) else ""
        if wanted and self.tree.exists(wanted):
            self.tree.selection_set(wanted)
            self.tree.focus(wanted)
        else:
            self.tree.selection_set()

    def _move_bar(self) -> None:
        total = max(1, self._total)
        self._bar.set(self._first / total, min(1.0, (self._first + self.visible) / total))

    def _make_columns(self) -> None:
        names = [column_letters(number) for number in range(1, self._columns + 1)]
        self.tree.configure(columns=names)
        for name in names:
            self.tree.heading(name, text=name)
            self.tree.column(name, width=COLUMN_WIDTH, minwidth=40, stretch=False)

    def _on_bar(self, action: str, amount: str, unit: str = "") -> None:
        if action == "moveto":
            self.scroll_to(int(float(amount) * self._total))
        else:
            step = 1 if unit == "units" else max(1, self.visible - 1)
            self.scroll_to(self._first + int(amount) * step)

    def _bind(self) -> None:
        page = "page"
        for keys, step in (("Up", -1), ("Down", 1), ("Prior", f"-{page}"), ("Next", page)):
            self.tree.bind(f"<{keys}>", self._stepping(step))
        for keys, row in (("Home", 0), ("Control-Home", 0), ("End", -1), ("Control-End", -1)):
            self.tree.bind(f"<{keys}>", self._going(row))
        for keys, side in (("Left", -1), ("Right", 1)):
            self.tree.bind(f"<{keys}>", self._sideways(side))
        self.tree.bind("<MouseWheel>", self._on_wheel)
        self.tree.bind("<Button-4>", self._wheeling(-WHEEL_ROWS))
        self.tree.bind("<Button-5>", self._wheeling(WHEEL_ROWS))
        self.tree.bind("<Configure>", self._on_resize)
        self.tree.bind("<ButtonRelease-1>", self._on_click, add="+")

    def _stepping(self, step: int | str) -> Callable[[Any], str]:
        def move(_event: Any) -> str:
            pages = {"page": 1, "-page": -1}
            rows = pages[step] * max(1, self.visible - 1) if isinstance(step, str) else step
            self.go_to(self._current + rows)
            return "break"

        return move

    def _going(self, row: int) -> Callable[[Any], str]:
        def go(_event: Any) -> str:
            self.go_to(row if row >= 0 else self._total - 1)
            return "break"

        return go

    def _sideways(self, side: int) -> Callable[[Any], str]:
        def move(_event: Any) -> str:
            self.tree.xview_scroll(side * COLUMN_WIDTH, "units")
            return "break"

        return move

    def _wheeling(self, rows: int) -> Callable[[Any], str]:
        def roll(_event: Any) -> str:
            self.scroll_to(self._first + rows)
            return "break"

        return roll

    def _on_wheel(self, event: Any) -> str:
        self.scroll_to(self._first - (WHEEL_ROWS if event.delta > 0 else -WHEEL_ROWS))
        return "break"

    def _on_resize(self, _event: Any) -> None:
        self.scroll_to(self._first)

    def _on_click(self, event: Any) -> None:
        item = self.tree.identify_row(event.y)
        if item:
            self._current = self._first + self.tree.index(item)
