"""Cells changed in a workbook file by editing its own XML; everything else as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.cells import CellInput
from budgetinator.workbooks.patch.changes import sort_changes
from budgetinator.workbooks.patch.compression import Level, check_level
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.planning import CellPlanning, StaleValues
from budgetinator.workbooks.patch.sheetedit import setting
from budgetinator.workbooks.patch.signatures import (
    is_signed,
    refuse_signature,
    take_off_signature,
)
from budgetinator.workbooks.patch.spool import closing_spools, spool_sheet
from budgetinator.workbooks.patch.workbookxml import WorkbookPart
from budgetinator.workbooks.patch.writing import fits_segments, read_in_segments, write_edit

if TYPE_CHECKING:
    from budgetinator.workbooks.losses.finding import Loss
    from budgetinator.workbooks.patch.segments import SegmentedPart

__all__ = ["PatchReport", "losses_of_cells", "patch_cells"]


@dataclass(frozen=True, slots=True)
class PatchReport:
    """What was written; `parts_copied` counts the parts whose compressed bytes were kept."""

    cells_written: int
    sheets: tuple[str, ...]
    parts_copied: int
    bytes_written: int
    recalculates: bool
    losses: tuple[Loss, ...] = ()
    segments: Mapping[str, SegmentedPart] = field(default_factory=dict)


def patch_cells(
    package: Package,
    changes: Mapping[str, CellInput],
    target: BinaryIO,
    *,
    level: Level = "auto",
    allow_loss: bool = False,
    segments: Mapping[str, SegmentedPart] | None = None,
    stale_values: StaleValues = "mark",
) -> PatchReport:
    """Write the workbook to `target` with these cells changed and all else as it was.

    Keys are `Sheet!A1`, or `A1` for the active sheet. None clears a cell and
    keeps its format; a str is text whatever it begins with; a `Formula` is a
    formula, without a cached value. Dates get a date format unless the cell has
    one. The workbook is marked to be recalculated when it is opened; formulas that
    depend on what changed keep their cached values, unless `stale_values` is "remove".

    `target` can seek, is written from where it stands, and stays the caller's.
    Nothing is written before everything was checked: WorksheetNotFound,
    InvalidCellReference, InvalidCellValue, WorkbookRefused, WorkbookDamaged,
    WouldLose, or ConfigError for the level, mean an untouched target. With `allow_loss`
    a table whose header is overwritten gets another name for the column instead, and a
    digital signature is taken off.

    With `segments`, which the report of an earlier writing of this package tells or which are
    empty, large sheets are written so that a later change costs little more than a copy.
    """
    check_level(level)
    edit = PackageEdit(package)
    signature = _signature_lost(edit, allow_loss=allow_loss)
    planning = CellPlanning(edit, allow_loss=allow_loss, stale_values=stale_values)
    with closing_spools(edit):
        for sheet in sort_changes(package, _workbook(edit), changes):
            if segments and stale_values == "mark":  # else results far from the changes go too
                read_in_segments(edit, segments, sheet.entry.part, sheet.contents)
            if segments is not None:
                spool_sheet(edit, sheet.entry.part, level, len(sheet.contents))
            planning.plan(sheet.entry, setting(sheet.contents))
        recalculates = planning.finish()
        written = (
            write_edit(edit, target, level, segments=segments) if fits_segments(edit) else None
        )
    if written is None:
        return patch_cells(
            package,
            changes,
            target,
            level=level,
            allow_loss=allow_loss,
            segments={},
            stale_values=stale_values,
        )
    changed = [(entry, plan) for entry, plan in planning.plans.values() if plan.splices]
    return PatchReport(
        cells_written=sum(plan.cells_written for _, plan in changed),
        sheets=tuple(entry.name for entry, _ in changed),
        parts_copied=written.parts_copied,
        bytes_written=written.bytes_written,
        recalculates=recalculates,
        losses=(*signature, *planning.losses),
        segments=written.segments,
    )


def losses_of_cells(package: Package, changes: Mapping[str, CellInput]) -> tuple[Loss, ...]:
    """What `patch_cells` would lose with `allow_loss`; raises as it does, and writes nothing."""
    edit = PackageEdit(package)
    signature = _signature_lost(edit, allow_loss=True)
    planning = CellPlanning(edit)
    for sheet in sort_changes(package, _workbook(edit), changes):
        planning.plan(sheet.entry, setting(sheet.contents))
    return (*signature, *planning.losses)


def _signature_lost(edit: PackageEdit, *, allow_loss: bool) -> tuple[Loss, ...]:
    if not is_signed(edit.package):
        return ()
    if not allow_loss:
        refuse_signature(edit.package)
    # Here, because it brings openpyxl, which takes more memory than all patching.
    from budgetinator.workbooks.losses.risks import losses_by_any_change

    take_off_signature(edit)
    return losses_by_any_change(edit.package)


def _workbook(edit: PackageEdit) -> WorkbookPart:
    book = edit.part(edit.package.workbook_part)
    try:
        return WorkbookPart.parse(book.data)
    except MarkupError as error:
        raise damaged_part(edit.package, book.name, str(error)) from error
