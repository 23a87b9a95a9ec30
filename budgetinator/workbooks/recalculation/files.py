"""A workbook file recalculated in one call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from budgetinator.workbooks.manager import ExcelManager

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks.recalculation.saving import RecalculationReport
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["recalculate"]


def recalculate(
    path: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    backup: bool | None = None,
    timeout: float = 120.0,
    service: ResourceManagementService | Surroundings | None = None,
) -> RecalculationReport:
    """Have LibreOffice compute a file's formulas, and put their results into it or into `output`.

    Does and raises what `ExcelManager.recalculate` does, which is for a workbook that is
    open already.
    """
    with ExcelManager(path, service=service) as manager:
        return manager.recalculate(output, backup=backup, timeout=timeout)
