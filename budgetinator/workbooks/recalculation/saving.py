"""New results of formulas put onto the disk, as a save is, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from budgetinator.errors import SaveError, WorkbookClosed
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opened import OpenWorkbook
from budgetinator.workbooks.recalculation.given import Given
from budgetinator.workbooks.recalculation.recalculating import (
    LeftFormula,
    Recalculated,
    recalculated,
)
from budgetinator.workbooks.saving.endings import refuse_other_ending
from budgetinator.workbooks.saving.replacing import Saved, replace_durably
from budgetinator.workbooks.saving.storing import Target
from budgetinator.workbooks.saving.verifying import verify_package
from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["RecalculationReport", "store_recalculated"]


@dataclass(frozen=True, slots=True)
class RecalculationReport:
    """What one recalculation did.

    `cells` have a result that LibreOffice gave, `changed` of them another one than before.
    `left` are the formulas without such a result, which keep the one that they had;
    `needs_recalculation` says whether the file is still marked, which it is while there
    are any. `bytes_written` is 0 where the file held all of it already.
    """

    path: Path
    cells: int
    changed: int
    left: tuple[LeftFormula, ...]
    needs_recalculation: bool
    bytes_written: int
    seconds: float
    backup: Path | None = None


def store_recalculated(
    opened: OpenWorkbook,
    target: Target,
    surroundings: Surroundings,
    timeout: float,
    given: Given | None = None,
) -> RecalculationReport:
    """Recalculate the file that was opened, and write the results into it or into a copy.

    With `given` results these are written, and LibreOffice is not asked. Called in the
    workbook's thread, without its lock, which is held for the writing only. Raises what
    `recalculated` does, SaveError for a workbook with unsaved changes, and what a save
    raises; then no file has changed.
    """
    began = time.perf_counter()
    _refuse_unsaved(opened)
    found = recalculated(opened, surroundings.settings.opening, timeout, given)
    try:
        kind = found.package.workbook_type
        refuse_other_ending(
            target.location,
            template="template" in kind,
            macros="macroenabled" in kind,
            original=opened.location,
        )
        with opened.lock:
            if opened.closed:
                raise WorkbookClosed(
                    f"{opened.location} was closed while it was recalculated; nothing was saved.",
                    path=opened.location.path,
                )
            saved = _store(opened, found, target, surroundings)
    finally:
        found.package.close()
    return RecalculationReport(
        path=saved.path if saved else target.location.absolute,
        cells=found.cells,
        changed=found.changed,
        left=found.left,
        needs_recalculation=found.needs_recalculation,
        bytes_written=saved.bytes_written if saved else 0,
        seconds=time.perf_counter() - began,
        backup=saved.backup if saved else None,
    )


def _refuse_unsaved(opened: OpenWorkbook) -> None:
    if opened.fingerprint is None or opened.is_changed:
        path = opened.location.path
        raise SaveError(
            f"{path} cannot be recalculated while the workbook holds changes that its file does "
            "not; save it first.",
            path=path,
        )


def _store(
    opened: OpenWorkbook, found: Recalculated, target: Target, surroundings: Surroundings
) -> Saved | None:
    if found.data is None and target.own:
        return None
    data = found.original if found.data is None else found.data
    saved = _replace(_writer(data), opened, found.package, target, surroundings)
    if target.own:
        opened.fingerprint = saved.fingerprint
        opened.segments = {}
        if opened.original is not None:
            package = found.package
            opened.original.exchange(
                Package.of_bytes(data, package.path, package.status(), package.bounds)
            )
    return saved


def _replace(
    write: Callable[[BinaryIO], object],
    opened: OpenWorkbook,
    package: Package,
    target: Target,
    surroundings: Surroundings,
) -> Saved:
    settings = surroundings.settings
    titles = tuple(entry.name for entry in package.sheets)

    def verify(written: Path) -> None:
        if settings.saving.verify:
            verify_package(written, sheets=titles, original=package, bounds=settings.opening)

    return replace_durably(
        target.location.absolute,
        write,
        verify=verify,
        expected=opened.fingerprint if target.own else None,
        journal=surroundings.journal,
        lock_dir=surroundings.lock_dir,
        lock_timeout=settings.saving.lock_timeout_seconds,
        backup=target.backup,
    )


def _writer(data: bytes) -> Callable[[BinaryIO], object]:
    return lambda stream: stream.write(data)
