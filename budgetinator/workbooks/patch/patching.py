"""Cells changed in a workbook file by editing its own XML; everything else as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from budgetinator.errors import WouldLose
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.patch.cells import CellInput
from budgetinator.workbooks.patch.changes import SheetChanges, sort_changes
from budgetinator.workbooks.patch.compression import Level, check_level
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import PartSource, damaged_part, has_formulas
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.sheetxml import SheetPlan, plan_sheet
from budgetinator.workbooks.patch.styling import Styling
from budgetinator.workbooks.patch.tables import check_table_headers
from budgetinator.workbooks.patch.workbookxml import WorkbookPart
from budgetinator.workbooks.patch.writing import write_edit

__all__ = ["PatchReport", "patch_cells"]


@dataclass(frozen=True, slots=True)
class PatchReport:
    """What was written; `parts_copied` counts the parts whose compressed bytes were kept."""

    cells_written: int
    sheets: tuple[str, ...]
    parts_copied: int
    bytes_written: int
    recalculates: bool


def patch_cells(
    package: Package,
    changes: Mapping[str, CellInput],
    target: BinaryIO,
    *,
    level: Level = "auto",
) -> PatchReport:
    """Write the workbook to `target` with these cells changed and all else as it was.

    Keys are `Sheet!A1`, or `A1` for the active sheet. None clears a cell and
    keeps its format; a str is text whatever it begins with; a `Formula` is a
    formula, without a cached value. Dates get a date format unless the cell has
    one. Cells that depend on what changed keep their cached values, and the
    workbook is marked to be recalculated when it is opened.

    `target` can seek, is written from where it stands, and stays the caller's.
    Nothing is written before everything was checked: WorksheetNotFound,
    InvalidCellReference, InvalidCellValue, WorkbookRefused, WorkbookDamaged,
    WouldLose, or ConfigError for the level, mean an untouched target.
    """
    check_level(level)
    patch = _plan(package, changes)
    written = write_edit(patch.edit, target, level)
    changed = [(entry, plan) for entry, plan in patch.plans.values() if plan.splices]
    return PatchReport(
        cells_written=sum(plan.cells_written for _, plan in changed),
        sheets=tuple(entry.name for entry, _ in changed),
        parts_copied=written.parts_copied,
        bytes_written=written.bytes_written,
        recalculates=patch.recalculates,
    )


@dataclass(slots=True)
class _Patch:
    """The edit, and what it comes to in each sheet."""

    edit: PackageEdit
    plans: dict[str, tuple[SheetEntry, SheetPlan]] = field(default_factory=dict)
    recalculates: bool = False


def _plan(package: Package, changes: Mapping[str, CellInput]) -> _Patch:
    _refuse_signature(package)
    patch = _Patch(PackageEdit(package))
    book = patch.edit.part(package.workbook_part)
    try:
        workbook = WorkbookPart.parse(book.data)
    except MarkupError as error:
        raise damaged_part(package, book.name, str(error)) from error
    styling = Styling(patch.edit)
    for sheet in sort_changes(package, workbook, changes):
        _plan_sheet(patch, sheet, styling)
    styling.finish()
    chain = _calculation_chain(package)
    patch.recalculates = workbook.recalculates
    if not patch.recalculates and _needs_recalculation(patch, chain is not None):
        patch.recalculates = True
        book.edit(lambda _: workbook.recalculating())
    plans = [plan for _, plan in patch.plans.values()]
    if chain and any(plan.formulas_added or plan.formulas_removed for plan in plans):
        patch.edit.remove_relationship(package.workbook_part, chain)
        patch.edit.remove_unreachable()
    return patch


def _plan_sheet(patch: _Patch, changes: SheetChanges, styling: Styling) -> None:
    entry, package = changes.entry, patch.edit.package
    site = Site(str(package.path), entry.name, entry.part)
    check_table_headers(package, changes.contents, site)
    streamed = patch.edit.streamed_part(entry.part)
    plan = plan_sheet(streamed.source.text, changes.contents, styling.dated, site)
    streamed.splices += plan.splices
    patch.plans[entry.part] = (entry, plan)


def _refuse_signature(package: Package) -> None:
    if any(name.lower().replace("\\", "/").startswith("_xmlsignatures/") for name in package.names):
        raise WouldLose(
            f"{package.path} carries a digital signature, which no changed file can keep; "
            "take the signature off in Excel first.",
            path=str(package.path),
            losses=("digital signature",),
        )


def _calculation_chain(package: Package) -> str | None:
    """The relationship to the calculation chain, where there is one."""
    for relationship in package.relationships(package.workbook_part):
        if relationship.kind == "calcChain" and package.has(relationship.target):
            return relationship.id
    return None


def _needs_recalculation(patch: _Patch, has_chain: bool) -> bool:
    """Whether a formula may show an old result; the other sheets are asked smallest first."""
    plans = [plan for _, plan in patch.plans.values()]
    if not any(plan.splices for plan in plans):
        return False
    if has_chain or any(p.has_formulas or p.formulas_added or p.formulas_removed for p in plans):
        return True
    package = patch.edit.package
    others = {
        entry.part
        for entry in package.sheets
        if entry.kind in {"worksheet", "macrosheet"} and entry.part not in patch.plans
    }
    by_size = sorted(others, key=lambda part: package.member(part).size)
    return any(has_formulas(PartSource(package, part).text()) for part in by_size)
