"""`budgetinator set`: cells changed in the file's own XML, everything else as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.assignments import parse_assignment
from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import naming
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, waiting
from budgetinator.cli.places import refuse_existing
from budgetinator.cli.sweeping import sweep
from budgetinator.config import OpeningBounds
from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import format_cell, parse_cell, quote_sheet, split_address

if TYPE_CHECKING:
    from budgetinator.cli.cellforms import Content
    from budgetinator.workbooks import SaveReport
    from budgetinator.workbooks.patch import CellInput, Formula

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Change:
    """One cell: what it showed, the formula it had, and what it is given."""

    sheet: str
    row: int
    column: int
    new: CellInput
    value: Content = None
    formula: Formula | None = None

    @property
    def address(self) -> str:
        return f"{quote_sheet(self.sheet)}!{format_cell(self.row, self.column)}"


@click.command("set", cls=Command)
@click.argument("file")
@click.argument("assignments", nargs=-1, required=True, metavar="CELL=VALUE...")
@click.option("--text", "as_text", is_flag=True, help="Take every value as text.")
@click.option("--formula", "formulas", is_flag=True, help="Take what begins with = as a formula.")
@click.option("--output", metavar="OTHER", help="Save to another file, and leave FILE as it is.")
@click.option("--overwrite", is_flag=True, help="Let --output replace a file that is there.")
@click.option("--backup", is_flag=True, help="Keep the old file as NAME.backup.xlsx.")
@click.option("--dry-run", is_flag=True, help="Check and show the changes, and save nothing.")
def command(
    file: str,
    assignments: tuple[str, ...],
    as_text: bool,
    formulas: bool,
    output: str | None,
    overwrite: bool,
    backup: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Change cells of FILE and save it; everything else stays byte for byte.

    CELL is A1 for the active sheet, Budget!A1, or 'My sheet'!A1 with the quotes.
    VALUE is a number (12.5), true or false, a date or time (2026-03-01, 2026-03-01T09:30,
    09:30), nothing, which clears the cell and keeps its format, or text. What has more than
    one reading, such as 12,5 or 00123, is refused with its readings named.

    A formula needs --formula, because =1+1 may be meant as text. Formulas that depend
    on a changed cell keep their old results until a spreadsheet program opens the file; it is
    marked so that they are computed then.

    JSON: file, saved (the path, or null after --dry-run), changes (a list of cell, before,
    formula_before, after), bytes_written, parts_copied, recalculates, backup.
    """
    if as_text and formulas:
        raise click.UsageError("--text and --formula exclude each other")
    parsed = _parsed(assignments, as_text=as_text, formulas=formulas)
    if output is not None and not overwrite:
        refuse_existing(file, output)
    with waiting(f"changing {file}"), naming(file):
        if dry_run:
            changes, report = _tried(file, parsed), None
        else:
            changes, report = _saved(file, parsed, output, backup or None)
    if as_json:
        print_json(_document(file, changes, report))
    else:
        _print(changes, report)
    return Exit.DONE


def _parsed(assignments: Iterable[str], *, as_text: bool, formulas: bool) -> dict[str, CellInput]:
    parsed: dict[str, CellInput] = {}
    for text in assignments:
        address, value = parse_assignment(text, as_text=as_text, formulas=formulas)
        if address in parsed:
            raise InvalidCellReference(
                f"{address} is given twice; give each cell one value.", cell=address
            )
        parsed[address] = value
    return parsed


def _saved(
    file: str, parsed: dict[str, CellInput], output: str | None, backup: bool | None
) -> tuple[list[_Change], SaveReport]:
    """Set, look at what was there, save: the save fails if the file changed in between."""
    from budgetinator.runtime import default_runtime
    from budgetinator.workbooks import ExcelManager

    sweep(default_runtime())
    surroundings = default_runtime().surroundings
    with ExcelManager(file, service=surroundings) as manager:
        manager.set_cells(parsed)
        changes = _with_contents(file, parsed, surroundings.settings.opening)
        report = manager.save(output, backup=backup)
    return changes, report


def _tried(file: str, parsed: dict[str, CellInput]) -> list[_Change]:
    """The same with every check, written to memory only."""
    from budgetinator.config import load_settings
    from budgetinator.workbooks.opc.package import Package
    from budgetinator.workbooks.patch import patch_cells

    bounds = load_settings().settings.opening
    with Package.open(file, bounds) as package:
        patch_cells(package, parsed, BytesIO())
    return _with_contents(file, parsed, bounds)


def _with_contents(file: str, parsed: dict[str, CellInput], bounds: OpeningBounds) -> list[_Change]:
    """The changes in the order in which they were given, with what the cells hold now."""
    from budgetinator.cli.places import read_sheets

    sheets = read_sheets(file, bounds)
    changes = []
    for address, value in parsed.items():
        name, reference = split_address(address)
        changes.append(_Change(sheets.sheet(name), *parse_cell(reference), value))
    held = _contents(file, changes, bounds)
    return [_Change(c.sheet, c.row, c.column, c.new, *held.get(c.address, ())) for c in changes]


def _contents(
    file: str, changes: list[_Change], bounds: OpeningBounds
) -> dict[str, tuple[Content, Formula | None]]:
    from budgetinator.cli.sheetrows import values_and_formulas

    held = {}
    for sheet in dict.fromkeys(change.sheet for change in changes):
        wanted: dict[int, list[_Change]] = {}
        for change in changes:
            if change.sheet == sheet:
                wanted.setdefault(change.row, []).append(change)
        for number, cells in values_and_formulas(file, sheet, bounds, last_row=max(wanted)):
            for change in wanted.get(number, ()):
                if change.column <= len(cells):
                    held[change.address] = cells[change.column - 1]
    return held


def _document(file: str, changes: list[_Change], report: SaveReport | None) -> dict[str, Any]:
    from budgetinator.cli.cellforms import content_json

    return {
        "file": file,
        "saved": str(report.path) if report else None,
        "changes": [
            {
                "cell": change.address,
                "before": content_json(change.value),
                "formula_before": change.formula.text if change.formula else None,
                "after": content_json(change.new),
            }
            for change in changes
        ],
        "bytes_written": report.bytes_written if report else 0,
        "parts_copied": report.parts_copied if report else 0,
        "recalculates": report.recalculates if report else None,
        "backup": str(report.backup) if report and report.backup else None,
    }


def _print(changes: list[_Change], report: SaveReport | None) -> None:
    from budgetinator.cli.cellforms import shown

    for change in changes:
        showed = shown(change.value).text
        before = showed or "(empty)"
        if change.formula:
            before = f"{change.formula.text} ({f'showed {showed}' if showed else 'not computed'})"
        after = shown(change.new).text or "(empty)"
        print_lines(f"{change.address}: {before} -> {after}")
    if report is None:
        print_lines("Nothing was saved.")
        return
    print_lines(
        f"Saved {report.path}: {bytes_text(report.bytes_written)}, "
        f"{report.parts_copied} parts copied as they were."
    )
    if report.backup:
        print_lines(f"The old file is kept as {report.backup}.")
    if report.recalculates:
        print_lines(
            "Its formulas are to be recalculated: a spreadsheet program does that on opening, "
            "or `budgetinator recalc`."
        )
