"""The checks of a budget in its tab: started, shown beside the sheet, mended as steps."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject

from budgetinator.budgets import Finding, Fix
from budgetinator.controllers import CheckController
from budgetinator.errors import Cancelled
from budgetinator.result import Result
from budgetinator.workbooks import CellInput
from budgetinator.workbooks.addresses import parse_cell, quote_sheet
from gui.checked import Check
from gui.widgets.findings import FindingsPanel

if TYPE_CHECKING:
    from gui.tabs.workbook import WorkbookTab

__all__ = ["Checking"]


class Checking(QObject):
    """Runs the checks on the workbook as it stands, unsaved cells included."""

    def __init__(self, controller: CheckController, panel: FindingsPanel, tab: WorkbookTab) -> None:
        super().__init__(tab)
        self._controller = controller
        self._panel = panel
        self._tab = tab
        self._worker: Any = None
        self._checks_again = False
        tab.edits.applied.connect(self._applied)
        panel.go_to_requested.connect(self._go_to)
        panel.fix_requested.connect(self._mend)
        panel.closed.connect(self.end)

    def start(self) -> None:
        """Check, and show what is found."""
        tab = self._tab
        if tab.host is None or self._worker is not None:
            return
        result = self._controller.start_worker(Check(tab.host), "check")
        if not result.success:
            tab.messages.show_message(str(result.error), "error")
            return
        self._worker = result.value
        self._worker.progress_update.connect(tab.job_bar.progress)
        self._worker.result_ready.connect(self._done)
        tab.job_bar.begin("Checking the budget")
        self._worker.start()

    def cancel(self) -> None:
        """Check no more."""
        if self._worker is not None:
            self._worker.cancel()

    def end(self) -> None:
        """Take the findings away."""
        self._panel.hide()

    def _done(self, result: Result[tuple[Finding, ...]]) -> None:
        self._worker = None
        self._tab.job_bar.end()
        if result.success:
            self._panel.show_findings(result.value)
            self._panel.show()
        elif not isinstance(result.error, Cancelled):
            self._tab.messages.show_message(str(result.error), "error")

    def _go_to(self, sheet: str, cell: str) -> None:
        self._tab.go_to(sheet, *parse_cell(cell.partition(":")[0]))

    def _mend(self, fix: Fix) -> None:
        changes: dict[str, CellInput] = {}
        for each in fix.changes:
            after = float(each.after) if isinstance(each.after, Decimal) else each.after
            changes[f"{quote_sheet(each.sheet)}!{each.cell}"] = cast("CellInput", after)
        # Checked again when the workbook has the cells, and not before.
        self._checks_again = True
        self._tab.set_cells(changes, fix.title)

    def _applied(self) -> None:
        if self._checks_again:
            self._checks_again = False
            self.start()
