"""Cells changed in a workbook file by editing its own XML; everything else as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from budgetinator.errors import WouldLose
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.opc.relationships import relationships_name
from budgetinator.workbooks.patch.cells import CellInput
from budgetinator.workbooks.patch.changes import SheetChanges, sort_changes
from budgetinator.workbooks.patch.compression import Level, check_level, deflater
from budgetinator.workbooks.patch.elements import Element, MarkupError
from budgetinator.workbooks.patch.parts import PartSource, SmallPart, damaged_part, has_formulas
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.rewrite import ZipRewriter
from budgetinator.workbooks.patch.sheetxml import SheetPlan, plan_sheet
from budgetinator.workbooks.patch.splices import Splice, spliced
from budgetinator.workbooks.patch.styling import Styling
from budgetinator.workbooks.patch.tables import check_table_headers
from budgetinator.workbooks.patch.workbookxml import WorkbookPart, without_children

__all__ = ["PatchReport", "patch_cells"]

_CONTENT_TYPES = "[Content_Types].xml"


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
    return _write(patch, target, level)


@dataclass(slots=True)
class _SheetPatch:
    entry: SheetEntry
    source: PartSource
    plan: SheetPlan


@dataclass(slots=True)
class _Patch:
    package: Package
    sheets: list[_SheetPatch] = field(default_factory=list)
    small: dict[str, SmallPart] = field(default_factory=dict)
    added: dict[str, bytes] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    recalculates: bool = False

    def part(self, name: str) -> SmallPart:
        """The part to be edited, read once."""
        name = self.package.spelling(name)
        if name not in self.small:
            self.small[name] = SmallPart.read(self.package, name)
        return self.small[name]


def _plan(package: Package, changes: Mapping[str, CellInput]) -> _Patch:
    _refuse_signature(package)
    patch = _Patch(package)
    book = patch.part(package.workbook_part)
    try:
        workbook = WorkbookPart.parse(book.data)
    except MarkupError as error:
        raise damaged_part(package, book.name, str(error)) from error
    styling = Styling(package, patch.part)
    for sheet in sort_changes(package, workbook, changes):
        patch.sheets.append(_plan_sheet(package, sheet, styling))
    patch.added.update(styling.finish())
    chain = _calculation_chain(package)
    patch.recalculates = workbook.recalculates
    if not patch.recalculates and _needs_recalculation(patch, chain):
        patch.recalculates = True
        book.edit(lambda _: workbook.recalculating())
    if chain and any(s.plan.formulas_added or s.plan.formulas_removed for s in patch.sheets):
        _remove_part(patch, chain)
    return patch


def _plan_sheet(package: Package, changes: SheetChanges, styling: Styling) -> _SheetPatch:
    entry = changes.entry
    site = Site(str(package.path), entry.name, entry.part)
    check_table_headers(package, changes.contents, site)
    source = PartSource(package, entry.part)
    plan = plan_sheet(source.text, changes.contents, styling.dated, site)
    return _SheetPatch(entry, source, plan)


def _refuse_signature(package: Package) -> None:
    if any(name.lower().replace("\\", "/").startswith("_xmlsignatures/") for name in package.names):
        raise WouldLose(
            f"{package.path} carries a digital signature, which no changed file can keep; "
            "take the signature off in Excel first.",
            path=str(package.path),
            losses=("digital signature",),
        )


def _calculation_chain(package: Package) -> str | None:
    for relationship in package.relationships(package.workbook_part):
        if relationship.kind == "calcChain" and package.has(relationship.target):
            return package.spelling(relationship.target)
    return None


def _needs_recalculation(patch: _Patch, chain: str | None) -> bool:
    """Whether a formula may show an old result; the other sheets are asked smallest first."""
    if not any(sheet.plan.splices for sheet in patch.sheets):
        return False
    plans = [sheet.plan for sheet in patch.sheets]
    if chain or any(p.has_formulas or p.formulas_added or p.formulas_removed for p in plans):
        return True
    package, changed = patch.package, {sheet.entry.part for sheet in patch.sheets}
    others = {
        entry.part
        for entry in package.sheets
        if entry.kind in {"worksheet", "macrosheet"} and entry.part not in changed
    }
    by_size = sorted(others, key=lambda part: package.member(part).size)
    return any(has_formulas(PartSource(package, part).text()) for part in by_size)


def _remove_part(patch: _Patch, name: str) -> None:
    package = patch.package
    patch.removed.add(name)
    key = "/" + name.replace("\\", "/").lstrip("/").lower()

    def is_override(element: Element) -> bool:
        part = element.attributes.get("PartName", "").replace("\\", "/")
        return "/" + part.lstrip("/").lower() == key

    def is_relationship(element: Element) -> bool:
        return element.attributes.get("Type", "").endswith("/calcChain")

    patch.part(_CONTENT_TYPES).edit(lambda data: without_children(data, is_override))
    relationships = relationships_name(package.workbook_part)
    patch.part(relationships).edit(lambda data: without_children(data, is_relationship))


def _write(patch: _Patch, target: BinaryIO, level: Level) -> PatchReport:
    package = patch.package
    sheets = {sheet.entry.part: sheet for sheet in patch.sheets if sheet.plan.splices}
    output = ZipRewriter(target)
    copied = 0
    for name in package.names:
        if name in patch.removed or not package.has(name):  # a folder's entry is no part
            continue
        member = package.member(name)
        if sheet := sheets.get(name):
            splices = sheet.plan.splices
            chunks = sheet.source.encoding.encoded(spliced(sheet.source.text(), splices))
            size = member.size + _growth(splices)
            output.replace(member, chunks, deflater(level, size), size)
        elif (part := patch.small.get(name)) and part.changed:
            data = part.encoded()
            output.replace(member, (data,), deflater(level, len(data)), len(data))
        else:
            output.copy(package, name)
            copied += 1
    for name, data in patch.added.items():
        output.add(name, data, deflater(level, len(data)))
    return PatchReport(
        cells_written=sum(sheet.plan.cells_written for sheet in patch.sheets),
        sheets=tuple(sheet.entry.name for sheet in sheets.values()),
        parts_copied=copied,
        bytes_written=output.close(),
        recalculates=patch.recalculates,
    )


def _growth(splices: list[Splice]) -> int:
    return sum(len(splice.data) for splice in splices)
