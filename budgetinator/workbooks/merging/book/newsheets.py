"""Sheets that were added, brought into the package with all that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from openpyxl.chartsheet import Chartsheet

from budgetinator.workbooks.merging.parts.linking import PartMerger
from budgetinator.workbooks.patch.edit import PackageEdit

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.book.sheetlist import Tab
    from budgetinator.workbooks.merging.rendering.rendering import Rendering

__all__ = ["add_sheets"]

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def add_sheets(
    edit: PackageEdit, before: Rendering, now: Rendering, tabs: Iterable[Tab]
) -> Iterator[tuple[Tab, str, str]]:
    """Write the sheets into the package: each with its part and its relationship's id.

    They are included in the rendering `now`, with their rows but without comments.
    """
    merger = PartMerger(edit, before, now)
    for tab in tabs:
        part = merger.bring_part(now.include(tab.key, tab.sheet, with_rows=True))
        kind = "chartsheet" if isinstance(tab.sheet, Chartsheet) else "worksheet"
        workbook = edit.package.workbook_part
        yield tab, part, edit.add_relationship(workbook, f"{_OFFICE}/{kind}", part)
