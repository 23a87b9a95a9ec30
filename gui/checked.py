"""The checks of an open workbook as it stands; runs in its process, and knows no Qt.

Checking the manager itself would load the openpyxl workbook there, and the results that
were computed last would be gone from every sheet. So what is checked is the file, or, with
unsaved changes, a copy that nobody else sees.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from budgetinator.controllers import Progress

if TYPE_CHECKING:
    from budgetinator.budgets import Finding
    from budgetinator.workbooks import ExcelManager, WorkbookHost

__all__ = ["Check", "check_as_it_stands"]


def check_as_it_stands(manager: ExcelManager) -> tuple[Finding, ...]:
    """The findings, errors first; raises what saving a copy and reading a budget raise."""
    from budgetinator.budgets import check_budget

    bounds = manager.custody.surroundings.settings.opening
    location = manager.custody.location
    if not manager.is_modified:
        return check_budget(location.path, bounds=bounds)
    with tempfile.TemporaryDirectory(prefix="budgetinator-check-") as folder:
        copy = Path(folder, Path(location.path).name)
        manager.save(copy, allow_loss=True)
        return check_budget(copy, bounds=bounds)


class Check:
    """The task of a worker: has the host check itself."""

    def __init__(self, host: WorkbookHost) -> None:
        self._host = host

    def __call__(self, progress: Progress) -> tuple[Finding, ...]:
        found: tuple[Finding, ...] = self._host.inspect(
            check_as_it_stands, cancelled=lambda: progress.cancelled
        )
        return found
