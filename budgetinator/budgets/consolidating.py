"""The budgets of many workbooks in one table: a row for each workbook and partner.

A workbook that cannot be read, or is no budget, has one row with the reason. Each workbook
is read on its own and given back before the next, so that many need the memory of one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from budgetinator.budgets.checks import findings_of
from budgetinator.budgets.exporting import FIGURE_COLUMNS, figure_row
from budgetinator.budgets.reading import read_budget
from budgetinator.budgets.rules import RuleSet
from budgetinator.budgets.sums import BudgetFigures
from budgetinator.budgets.tables.table import Table, TableCell, TableField
from budgetinator.config import OpeningBounds
from budgetinator.errors import BudgetError

__all__ = [
    "ConsolidatedRow",
    "budget_files",
    "consolidated_rows",
    "consolidated_table",
    "failed_row",
]

# What Excel and LibreOffice save budgets as. The later ones are read by none of our readers,
# and are listed so that nobody takes them for counted.
_ENDINGS = (".xlsx", ".xlsm", ".xltx", ".xltm")
_OTHER_ENDINGS = (".xls", ".xlsb", ".ods")
_OWNER_FILE = "~$"  # those of LibreOffice are hidden files
_BACKUP = ".backup"


@dataclass(frozen=True, slots=True)
class ConsolidatedRow:
    """A partner of a workbook, or with `reason` a workbook that failed; `error` is its class.

    `errors`, `warnings` and `notes` count the findings on the partner's sheet.
    """

    file: str
    rule_set: str | None = None
    number: int | None = None
    acronym: str | None = None
    pic: str | None = None
    country: str | None = None
    role: str | None = None
    sheet: str | None = None
    figures: BudgetFigures | None = None
    is_computed: bool | None = None
    errors: int | None = None
    warnings: int | None = None
    notes: int | None = None
    error: str | None = None
    reason: str | None = None


_COLUMNS = (
    TableField("file", "File"),
    TableField("rule_set", "Rules"),
    TableField("number", "No.", "number"),
    TableField("acronym", "Partner"),
    TableField("pic", "PIC"),
    TableField("country", "Country"),
    TableField("role", "Role"),
    TableField("sheet", "Sheet"),
    *FIGURE_COLUMNS,
    TableField("is_computed", "Computed"),
    TableField("errors", "Errors", "number"),
    TableField("warnings", "Warnings", "number"),
    TableField("notes", "Notes", "number"),
    TableField("error", "Failure"),
    TableField("reason", "Reason"),
)
_FIGURES = frozenset(column.name for column in FIGURE_COLUMNS)


def budget_files(folder: str | os.PathLike[str], *, recursive: bool = False) -> tuple[str, ...]:
    """The spreadsheets of a folder by name; with `recursive` of those within it too.

    Owner files of Excel and LibreOffice, hidden files, links to folders, and backups beside
    their workbook are left out.
    Raises BudgetError for what is no folder, OSError for one that cannot be listed.
    """
    if not os.path.isdir(folder):
        raise BudgetError(f"{os.fspath(folder)} is no folder; name the folder of the workbooks.")
    return tuple(_files(os.fspath(folder), recursive=recursive))


def consolidated_rows(
    path: str | os.PathLike[str],
    *,
    rules: RuleSet | None = None,
    bounds: OpeningBounds | None = None,
) -> tuple[ConsolidatedRow, ...]:
    """A row for each partner; raises what reading raises, and BudgetError for no budget."""
    file = os.fspath(path)
    read = read_budget(file, rules=rules, bounds=bounds, hidden=True)
    if not read.partners:
        raise BudgetError(f"{file} has no partner's sheet, so it is no budget.")
    counts = Counter((each.sheet, each.severity) for each in findings_of(read))
    return tuple(
        ConsolidatedRow(
            file=file,
            rule_set=read.rules.name,
            number=each.partner.number,
            acronym=each.partner.acronym,
            pic=each.partner.pic,
            country=each.partner.country,
            role=each.partner.role,
            sheet=each.sheet,
            figures=each.figures,
            is_computed=bool(each.computed),
            errors=counts[each.sheet, "error"],
            warnings=counts[each.sheet, "warning"],
            notes=counts[each.sheet, "note"],
        )
        for each in read.partners
    )


def failed_row(path: str, error: BaseException, reason: str | None = None) -> ConsolidatedRow:
    """The row of a workbook that failed."""
    return ConsolidatedRow(file=path, error=type(error).__name__, reason=reason or str(error))


def consolidated_table(rows: Iterable[ConsolidatedRow]) -> Table:
    """The rows as a table."""
    return Table("consolidated", "Consolidated", _COLUMNS, tuple(map(_cells, rows)))


def _cells(row: ConsolidatedRow) -> tuple[TableCell, ...]:
    empty = (None,) * len(FIGURE_COLUMNS)
    figures = iter(figure_row(row.figures) if row.figures is not None else empty)
    return tuple(
        next(figures) if column.name in _FIGURES else getattr(row, column.name)
        for column in _COLUMNS
    )


def _files(folder: str, *, recursive: bool) -> Iterator[str]:
    """Those of a folder, then those of the folders within it, which may lie thousands deep."""
    waiting = [folder]
    while waiting:
        folders = []
        with os.scandir(waiting.pop()) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        names = {entry.name for entry in found}
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry)
            elif _is_spreadsheet(entry.name) and not _is_backup(entry.name, names):
                yield entry.path
        if recursive:
            waiting += [each.path for each in reversed(folders) if not each.name.startswith(".")]


def _is_backup(name: str, names: Container[str]) -> bool:
    """Whether it is what a save has kept of a workbook that is there too."""
    stem, ending = os.path.splitext(name)
    return stem.endswith(_BACKUP) and f"{stem.removesuffix(_BACKUP)}{ending}" in names


def _is_spreadsheet(name: str) -> bool:
    if name.startswith((_OWNER_FILE, ".")):
        return False
    return name.lower().endswith(_ENDINGS + _OTHER_ENDINGS)
