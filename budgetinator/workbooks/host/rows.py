"""Rows as they are handed from one process to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.workbooks.host.rowblocks import Rows

__all__ = ["RowChunk"]


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Some rows of a sheet, the first of which has the number `first_row`, from 1.

    A row ends with its last value, as those of `ExcelManager.values` do. Tuples of plain
    values, because the garbage collector need not walk those.
    """

    first_row: int
    rows: Rows
