"""The sheets of a workbook then and now: which stayed, came, went, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl.chartsheet import Chartsheet

from budgetinator.workbooks.opc.package import SheetEntry

if TYPE_CHECKING:
    from budgetinator.workbooks.reading.deferred import Original

__all__ = ["SheetList", "Tab", "sheet_list"]


@dataclass(frozen=True, slots=True, eq=False)
class Tab:
    """A sheet as it is now.

    `entry` is what the file declares of it, None for a new one; `was` the sheet as
    openpyxl reads it from there: it takes no notice of it that a chart sheet is hidden.
    """

    sheet: Any
    entry: SheetEntry | None
    was: Any = None

    @property
    def key(self) -> str:
        """Its part in the file, or something else that no other sheet has."""
        return self.entry.part if self.entry else f"new sheet {id(self.sheet)}"

    @property
    def is_renamed(self) -> bool:
        """Whether the file has it under another name."""
        return self.was is not None and bool(self.was.title != self.sheet.title)


@dataclass(frozen=True, slots=True)
class SheetList:
    """What the file declares, and the sheets as they are."""

    before: tuple[SheetEntry, ...]
    now: tuple[Tab, ...]

    @property
    def added(self) -> tuple[Tab, ...]:
        """The sheets that the file does not have."""
        return tuple(tab for tab in self.now if tab.entry is None)

    @property
    def removed(self) -> tuple[SheetEntry, ...]:
        """The sheets of the file that are gone."""
        kept = {tab.key for tab in self.now}
        return tuple(entry for entry in self.before if entry.part not in kept)

    @property
    def renamed(self) -> tuple[tuple[SheetEntry, str], ...]:
        """The sheets of the file that have another name now."""
        return tuple(
            (tab.entry, tab.sheet.title)
            for tab in self.now
            if tab.entry is not None and tab.is_renamed
        )

    @property
    def is_same(self) -> bool:
        """Whether they are the same sheets in the same order."""
        return [tab.key for tab in self.now] == [entry.part for entry in self.before]

    def places(self) -> dict[int, int]:
        """Where the sheets of the file stand now, by where they stood."""
        now = {tab.key: place for place, tab in enumerate(self.now)}
        return {
            place: now[entry.part] for place, entry in enumerate(self.before) if entry.part in now
        }


def sheet_list(original: Original, was: Any, workbook: Any) -> SheetList:
    """The sheets of the original's package against those of the workbook.

    `was` is a workbook that openpyxl has read from that package.
    """
    before = original.package.sheets
    entries = {entry.part: entry for entry in before}
    sheets: Sequence[Any] = workbook._sheets  # noqa: SLF001
    found: dict[int, SheetEntry] = {}
    for sheet in sheets:
        part = original.part_of(sheet)
        if part in entries and not isinstance(sheet, Chartsheet):
            found[id(sheet)] = entries.pop(part)
    found.update(_chart_sheets(original, sheets, entries))
    read = {
        entry.part: sheet
        for entry, sheet in zip(before, was._sheets, strict=True)  # noqa: SLF001
    }
    return SheetList(before, tuple(_tab(sheet, found.get(id(sheet)), read) for sheet in sheets))


def _tab(sheet: Any, entry: SheetEntry | None, read: dict[str, Any]) -> Tab:
    return Tab(sheet, entry, read[entry.part] if entry else None)


def _chart_sheets(
    original: Original, sheets: Sequence[Any], entries: dict[str, SheetEntry]
) -> Iterator[tuple[int, SheetEntry]]:
    """Chart sheets compare by what they hold, so that one may be taken for another: by title too.

    `entries` are those of the file that are not found yet.
    """
    charts = [sheet for sheet in sheets if isinstance(sheet, Chartsheet)]
    titled = {entry.name: entry for entry in entries.values() if entry.kind == "chartsheet"}
    for sheet in [each for each in charts if each.title in titled]:
        charts.remove(sheet)
        entry = titled[sheet.title]
        yield id(sheet), entries.pop(entry.part)
    for sheet in charts:
        part = original.part_of(sheet)
        if part in entries:
            yield id(sheet), entries.pop(part)
