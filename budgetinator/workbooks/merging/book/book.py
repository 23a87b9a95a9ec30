"""What changed on the workbook itself, put into the file's own parts.

Sheets that were added, renamed, moved, hidden or removed, defined names, views and
settings, and the properties of the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetinator.errors import SaveError, WorkbookRefused
from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.book.bookpart import BookPart, edit_part
from budgetinator.workbooks.merging.book.names import (
    DefinedNames,
    dangling_names,
    defined_names_of,
    edit_names,
)
from budgetinator.workbooks.merging.book.newsheets import add_sheets
from budgetinator.workbooks.merging.book.pivotcaches import drop_caches
from budgetinator.workbooks.merging.book.properties import merge_properties
from budgetinator.workbooks.merging.book.settings import edit_settings
from budgetinator.workbooks.merging.book.sheetlist import SheetList, sheet_list
from budgetinator.workbooks.merging.book.tabs import arrange_tabs, describe_tabs, edit_views
from budgetinator.workbooks.merging.book.titles import drop_titles
from budgetinator.workbooks.merging.rendering.workbookwriting import active_index
from budgetinator.workbooks.patch.edit import PackageEdit

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.rendering.rendering import Rendering
    from budgetinator.workbooks.reading.deferred import Original

__all__ = ["BookReport", "merge_book"]

# Parts that name cells of all sheets, and that Excel makes anew.
_NAMING_CELLS = frozenset({"calcChain", "volatileDependencies"})


@dataclass(frozen=True, slots=True)
class BookReport:
    """What was done.

    `added` are the new sheets with the parts that they got; `losses` what the file had
    and will not have; `dangling` the defined names that speak of a sheet that is gone.
    """

    added: tuple[tuple[Any, str], ...]
    removed: tuple[str, ...]
    losses: tuple[Loss, ...]
    dangling: tuple[str, ...]
    changed: bool


def merge_book(
    edit: PackageEdit, original: Original, before: Rendering, now: Rendering
) -> BookReport:
    """Put what differs on the workbook itself into the edit of the original's package.

    Sheets that were read are merged by themselves; new ones are written here, with
    their rows, in the numbers of `now` for styles and differential styles: so tables
    of styles are to be merged after this. Raises SaveError where no sheet is visible, and
    WorkbookRefused where dates count from another day now: such a workbook has to be
    written anew.
    """
    _check_dates(edit, before, now)
    sheets = sheet_list(original, before.workbook, now.workbook)
    active = _active(edit, now)
    workbook = edit.package.workbook_part
    started = _snapshot(edit)
    added = tuple(add_sheets(edit, before, now, sheets.added))
    names_before, names_now = _names(sheets, before, now)
    was_active = sheets.before[active_index(before.workbook) or 0].part
    ids = {tab.key: reference for tab, _, reference in added}
    edit_part(edit, workbook, lambda book: describe_tabs(book, sheets))
    edit_part(edit, workbook, lambda book: edit_names(book, names_before, names_now, sheets))
    edit_part(edit, workbook, lambda book: arrange_tabs(book, sheets, ids))
    settings = [BookPart(each.read(each.workbook_part), workbook) for each in (before, now)]
    edit_part(edit, workbook, lambda book: edit_settings(book, *settings))
    edit_part(edit, workbook, lambda book: edit_views(book, sheets, was_active, active))
    losses = _remove(edit, sheets)
    if _lists_others(sheets, names_before, names_now):
        drop_titles(edit)
    merge_properties(edit, before.workbook, now.workbook)
    return BookReport(
        added=tuple((tab.sheet, part) for tab, part, _ in added),
        removed=tuple(entry.part for entry in sheets.removed),
        losses=tuple(losses),
        dangling=dangling_names(names_now, [entry.name for entry in sheets.removed]),
        changed=_snapshot(edit) != started,
    )


def _active(edit: PackageEdit, now: Rendering) -> int:
    active = active_index(now.workbook)
    if active is None:
        path = str(edit.package.path)
        raise SaveError(
            f"{path} cannot be saved: none of its sheets is visible, and Excel needs one. "
            "The file is as it was.",
            path=path,
        )
    return active


def _check_dates(edit: PackageEdit, before: Rendering, now: Rendering) -> None:
    """Refuse what would move every date of the sheets that stay as they are in the file.

    openpyxl's own writing computes all of them anew.
    """
    then: Any = before.workbook
    book: Any = now.workbook
    if then.epoch != book.epoch:
        path = str(edit.package.path)
        raise WorkbookRefused(
            f"The parts of {path} cannot be kept: the day from which its dates count was "
            "changed, and all of its dates with that.",
            path=path,
            reason="another date system",
        )


def _names(
    sheets: SheetList, before: Rendering, now: Rendering
) -> tuple[DefinedNames, DefinedNames]:
    """Of new sheets too, once they are included."""
    return (
        defined_names_of(before.defined_names(), [entry.part for entry in sheets.before]),
        defined_names_of(now.defined_names(), [tab.key for tab in sheets.now]),
    )


def _remove(edit: PackageEdit, sheets: SheetList) -> list[Loss]:
    if not sheets.removed:
        return []
    workbook = edit.package.workbook_part
    kept = [tab.entry.part for tab in sheets.now if tab.entry is not None]
    losses = drop_caches(edit, sheets.removed, kept)
    for entry in sheets.removed:
        edit.remove_relationship(workbook, entry.relationship_id)
    for other in edit.relationships(workbook):
        if other.kind in _NAMING_CELLS:
            edit.remove_relationship(workbook, other.id)
    edit.remove_unreachable()
    return losses


def _lists_others(sheets: SheetList, before: DefinedNames, now: DefinedNames) -> bool:
    return not sheets.is_same or bool(sheets.renamed) or before.keys() != now.keys()


def _snapshot(edit: PackageEdit) -> tuple[Any, ...]:
    """What can be told apart when something was done to a package of which parts were read."""
    package = edit.package
    changed = [(name, part.data) for name in package.names if (part := edit.changed_part(name))]
    removed = [name for name in package.names if edit.is_removed(name)]
    return changed, removed, [(part.name, part.data) for part in edit.added_parts()]
