"""How a workbook in its process stands, as the program knows it without asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from budgetinator.workbooks.host.sheets import SheetInfo

if TYPE_CHECKING:
    from budgetinator.workbooks.patch import CellInput

__all__ = ["Edits", "Standing"]


@dataclass(slots=True)
class Edits:
    """Cells that were set and are not in the file, since this was last told.

    First those told before are forgotten where `cleared` says so; then `removed` go, and
    `added` come.
    """

    cleared: bool = False
    removed: set[str] = field(default_factory=set)
    added: dict[str, CellInput] = field(default_factory=dict)

    def note_set(self, cells: Mapping[str, CellInput]) -> None:
        self.added |= cells
        self.removed.difference_update(cells)

    def note_taken_back(self, addresses: set[str]) -> None:
        """These are again what the file holds."""
        for address in addresses:
            self.added.pop(address, None)
        self.removed |= addresses

    def clear(self) -> None:
        self.cleared = True
        self.removed.clear()
        self.added.clear()

    def put_into(self, known: dict[str, CellInput]) -> None:
        """Bring what was told before up to date."""
        if self.cleared:
            known.clear()
        for address in self.removed:
            known.pop(address, None)
        known |= self.added


class Standing(NamedTuple):
    """Told before the answer to whatever may have changed it."""

    sheets: tuple[SheetInfo, ...]
    is_modified: bool
    has_unsaved_changes: bool
    edits: Edits
