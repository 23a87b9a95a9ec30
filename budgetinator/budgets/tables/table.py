"""A table of a report: named columns of one kind each, and rows of plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal

from budgetinator.budgets.layout import Kind

__all__ = ["Table", "TableCell", "TableField", "rounded"]

TableCell = str | int | float | bool | Decimal | datetime | date | time | None
"""What stands in a table; None is what is not determined, and no zero."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class TableField:
    """A column: `name` for programs, `title` for people."""

    name: str
    title: str
    kind: Kind = "text"

    @property
    def is_number(self) -> bool:
        """Whether numbers stand in it."""
        return self.kind != "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns; `name` for programs, `title` for people."""

    name: str
    title: str
    columns: tuple[TableField, ...]
    rows: tuple[tuple[TableCell, ...], ...] = field(default=())

    def records(self) -> Iterator[dict[str, TableCell]]:
        """Each row by the names of its columns."""
        names = [column.name for column in self.columns]
        for row in self.rows:
            yield dict(zip(names, row, strict=True))


def rounded(value: TableCell, kind: Kind) -> TableCell:
    """Money half-even to cents, as it is shown; other numbers as they are."""
    if kind == "money" and isinstance(value, Decimal):
        return value.quantize(_CENT, ROUND_HALF_EVEN)
    return value
