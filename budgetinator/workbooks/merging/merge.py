"""All that was changed on an openpyxl workbook, as one edit of the package it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openpyxl.chartsheet import Chartsheet

from budgetinator.errors import WorkbookRefused
from budgetinator.workbooks.changes.celledits import sheet_edit
from budgetinator.workbooks.changes.comparison import Comparison, SheetChange
from budgetinator.workbooks.changes.state import comments_of, drawings_of
from budgetinator.workbooks.changes.writable import check_cells, check_sheets
from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.losses.risks import losses_by_any_change
from budgetinator.workbooks.merging.book.book import BookReport, merge_book
from budgetinator.workbooks.merging.comments.comments import merge_comments
from budgetinator.workbooks.merging.parts.linking import PartMerger
from budgetinator.workbooks.merging.rendering.rendering import Rendering, render, render_original
from budgetinator.workbooks.merging.styles.styles import StyleTables
from budgetinator.workbooks.opc.package import SheetEntry
from budgetinator.workbooks.patch.checking import check_edit
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.planning import CellPlanning, StaleValues
from budgetinator.workbooks.patch.signatures import take_off_signature

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.workbooks.reading.deferred import Original

__all__ = ["Merge", "merge_changes"]


@dataclass(slots=True)
class Merge:
    """What a save shall write: `edit`, without the `losses` that come with it.

    `added` are the sheets that the file did not have, with the names of their parts.
    """

    edit: PackageEdit
    losses: list[Loss] = field(default_factory=list)
    added: tuple[tuple[Any, str], ...] = ()
    recalculates: bool = False


def merge_changes(
    original: Original,
    workbook: Workbook,
    comparison: Comparison,
    *,
    path: str,
    full_before: frozenset[tuple[str, str]],
    stale_values: StaleValues = "mark",
) -> Merge:
    """Put what differs into the original's parts; nothing is written, nothing of it changes.

    In the workbook's own thread. Raises InvalidCellValue or SaveError for what no file
    can hold, WorkbookDamaged and WorkbookRefused for parts that cannot be edited.
    """
    check_sheets(workbook, path)
    for sheet in comparison.added:
        check_cells(sheet, path, full_before)
    merge = Merge(PackageEdit(original.package))
    if comparison.is_empty:
        return merge
    _Merging(merge, original, workbook, comparison, stale_values).run(path, full_before)
    check_edit(merge.edit)
    return merge


class _Merging:
    """One merge: cells, then the frames around them, then comments, then the workbook."""

    def __init__(
        self,
        merge: Merge,
        original: Original,
        workbook: Workbook,
        comparison: Comparison,
        stale_values: StaleValues,
    ) -> None:
        self._merge = merge
        self._original = original
        self._workbook = workbook
        self._comparison = comparison
        self._stale_values = stale_values

    def run(self, path: str, full_before: frozenset[tuple[str, str]]) -> None:
        merge, edit = self._merge, self._merge.edit
        if signature := losses_by_any_change(edit.package):
            merge.losses += signature
            take_off_signature(edit)
        renderings = self._renderings()
        now = renderings[1] if renderings else None
        tables = StyleTables(
            edit,
            self._workbook,
            now.differential_styles if now else None,
            named_styles_changed=self._comparison.book.styles,
        )
        planning = CellPlanning(edit, stale_values=self._stale_values)
        changes = list(self._changes())
        for entry, change in changes:
            if change.has_rows:
                planning.plan(entry, sheet_edit(change, tables, path, full_before))
        report = self._around(renderings, changes)
        tables.finish()
        sheets_differ = report is not None and bool(report.added or report.removed)
        merge.recalculates = planning.finish(
            formulas_changed=sheets_differ, names_changed=self._comparison.book.names
        )
        merge.losses += [*planning.losses, *tables.losses]
        edit.remove_unreachable()

    def _changes(self) -> Iterator[tuple[SheetEntry, SheetChange]]:
        entries = {entry.part: entry for entry in self._original.package.sheets}
        for change in self._comparison.sheets:
            part = self._original.part_of(change.sheet)
            assert part is not None, f"{change.sheet} came from no file"
            yield entries[part], change

    def _renderings(self) -> tuple[Rendering, Rendering] | None:
        """What openpyxl writes around the cells, before and now, where anything there differs."""
        framed = {entry.part: change.sheet for entry, change in self._changes() if change.frame}
        book = self._comparison.book
        beside = book.sheets or book.names or book.properties or book.other
        if not (framed or beside or self._comparison.added):
            return None
        before = render_original(self._original.package, framed)
        return before, render(self._workbook, framed)

    def _around(
        self,
        renderings: tuple[Rendering, Rendering] | None,
        changes: list[tuple[SheetEntry, SheetChange]],
    ) -> BookReport | None:
        """What stands around the cells: frames, comments, the workbook itself."""
        if renderings is None:
            self._comments(changes)
            return None
        merge, (before, now) = self._merge, renderings
        merger = PartMerger(merge.edit, before, now)
        for entry, change in changes:
            if change.frame:
                self._frame(merger, entry.part, before, now, change)
        self._comments(changes)
        report = merge_book(merge.edit, self._original, before, now)
        for sheet, part in report.added:
            if not isinstance(sheet, Chartsheet):
                merge.losses += merge_comments(merge.edit, part, {}, comments_of(sheet))
        merge.added = report.added
        merge.losses += [*merger.losses, *report.losses]
        return report

    def _frame(
        self, merger: PartMerger, part: str, before: Rendering, now: Rendering, change: SheetChange
    ) -> None:
        places = before.sheets[part], now.sheets[part]
        if isinstance(change.sheet, Chartsheet):
            merger.merge_part(part, *places)
            return
        apart = self._unreadable(part, before, change)
        merger.merge_sheet(part, *places, apart=apart)

    def _unreadable(self, part: str, before: Rendering, change: SheetChange) -> frozenset[str]:
        """The drawing, where openpyxl cannot read what an earlier save has added to it.

        Then what it shows of the file says nothing of what was changed since.
        """
        then, now = change.drawings
        if drawings_of(before.sheet(part))[0] == then[0]:
            return frozenset()
        if then == now:
            return frozenset({"drawing"})
        package = self._original.package
        raise WorkbookRefused(
            f"openpyxl cannot read the drawing of the sheet {change.sheet.title!r} of "
            f"{package.path}, to which an earlier save has added; open the file anew.",
            path=str(package.path),
            sheet=change.sheet.title,
            reason="unreadable drawing",
        )

    def _comments(self, changes: list[tuple[SheetEntry, SheetChange]]) -> None:
        for entry, change in changes:
            if change.comments is not None:
                self._merge.losses += merge_comments(self._merge.edit, entry.part, *change.comments)
