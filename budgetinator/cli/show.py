"""`budgetinator show`: the cells of a sheet, streamed."""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit, exit_code
from budgetinator.cli.failures import describe_error, naming, sentence, tell
from budgetinator.cli.options import Command
from budgetinator.cli.output import as_json as json_text
from budgetinator.cli.output import console, is_unicode, visible
from budgetinator.config import load_settings
from budgetinator.errors import WorkbookError
from budgetinator.workbooks.addresses import Area, quote_sheet

if TYPE_CHECKING:
    from budgetinator.cli.grid import Grid
    from budgetinator.cli.sheetrows import Row

__all__ = ["command"]

_TERMINAL_ROWS = 50
_TERMINAL_COLUMN = 40


@dataclass(slots=True)
class _Page:
    """The rows that are shown, whether there were more, and how many of their results are old."""

    rows: Iterator[Row]
    limit: int | None
    is_cut: bool = False
    stale: int = 0

    def __iter__(self) -> Iterator[Row]:
        from budgetinator.workbooks.reading.currency import StaleResult

        for row in itertools.islice(self.rows, self.limit):
            self.stale += sum(isinstance(content, StaleResult) for content in row[1])
            yield row
        self.is_cut = self.limit is not None and next(self.rows, None) is not None


@click.command("show", cls=Command)
@click.argument("file")
@click.argument("place", required=False, metavar="[SHEET[!A1:D9]]")
@click.option("--formulas", is_flag=True, help="Show formulas where there are any, else values.")
@click.option("--rows", type=click.IntRange(min=1), help="Show so many rows at most.")
@click.option("--all", "everything", is_flag=True, help="Show all rows and columns, nothing cut.")
def command(
    file: str,
    place: str | None,
    formulas: bool,
    rows: int | None,
    everything: bool,
    as_json: bool,
) -> int:
    """Show what the cells of FILE hold, as a table.

    Without a place it is the active sheet. A sheet's name may stand in quotes as in formulas:
    "'P2-L''ORE'!A1:D9". A range alone is one of the active sheet. Empty rows are left out.

    On a terminal the first 50 rows are shown under the sheet's name, and as many columns as
    fit; what is left out is said. Into a pipe or a file everything is written. A formula shows
    the value that was last computed, with a mark, as ?12.5, if the file was changed since, and
    the mark alone where nothing was computed: `budgetinator recalc` computes it. An error such
    as #DIV/0! is shown with a mark, as !#DIV/0!.

    JSON: file, sheet, area, formulas, first_column, rows (a list of row and cells, from
    first_column on; a cell is a number, a text, true, false, null or an object with one key:
    error, date, time, seconds, formula, or stale with the old result), complete,
    to_be_recalculated (how many of the cells are stale).
    """
    from budgetinator.cli.places import read_sheets
    from budgetinator.cli.sheetrows import rows_within

    bounds = load_settings().settings.opening
    sheet, area = read_sheets(file, bounds).place(place)
    rows_found = rows_within(file, sheet, area, bounds, formulas=formulas)
    with naming(file), closing(rows_found) as found:
        if as_json:
            page = _Page(found, rows)
            return _print_json(file, sheet, area, page, formulas=formulas)
        is_page = sys.stdout.isatty() and not everything
        page = _Page(found, rows or (_TERMINAL_ROWS if is_page else None))
        _print(file, sheet, area, page, is_page=is_page)
    return Exit.DONE


def _print(file: str, sheet: str, area: Area | None, page: _Page, *, is_page: bool) -> None:
    from budgetinator.cli.grid import Grid

    grid = Grid(page, area.min_col if area else 1, _fit(is_page=is_page))
    if sys.stdout.isatty():
        printer = console()
        title = sheet if area is None else f"{quote_sheet(sheet)}!{area}"
        printer.print(visible(title), style="bold")
        for line in grid.lines():
            printer.print(line, soft_wrap=True)
    else:
        for line in grid.lines():
            print(line.plain)
    _print_rest(file, sheet, page, grid)


def _fit(*, is_page: bool) -> Any:
    from budgetinator.cli.grid import Fit

    if not is_page:
        return Fit()
    ellipsis = "…" if is_unicode(sys.stdout) else "~"
    return Fit(console().width, _TERMINAL_COLUMN, ellipsis)


def _print_rest(file: str, sheet: str, page: _Page, grid: Grid) -> None:
    """Say on stderr what is not shown, so that a table in a file is a table only."""
    if grid.is_empty:
        tell(f"There is nothing in these cells of {quote_sheet(sheet)}.")
    if page.is_cut:
        tell(f"Only the first {page.limit} rows are shown; --rows N shows more, --all everything.")
    if grid.columns_left_out:
        first, last = grid.columns_left_out[0], grid.columns_left_out[-1]
        which = f"column {first} does" if first == last else f"columns {first} to {last} do"
        tell(f"The {which} not fit; name a range, or give --all.")
    if page.stale:
        cells = "cell, marked ?, is" if page.stale == 1 else "cells, marked ?, are"
        command = f"budgetinator recalc {shlex.quote(file)}"
        tell(f"{page.stale} {cells} to be recalculated: {command}")


def _print_json(file: str, sheet: str, area: Area | None, page: _Page, *, formulas: bool) -> Exit:
    """One document, written as the rows come; an error in mid-sheet is told within it."""
    from budgetinator.cli.cellforms import content_json

    head = {
        "file": file,
        "sheet": sheet,
        "area": str(area) if area else None,
        "formulas": formulas,
        "first_column": area.min_col if area else 1,
    }
    print(json_text(head).removesuffix("}") + ', "rows": [', end="")
    failure: WorkbookError | None = None
    separator = "\n"
    try:
        for number, row in page:
            cells = [content_json(content) for content in row]
            print(separator + json_text({"row": number, "cells": cells}), end="")
            separator = ",\n"
    except WorkbookError as error:
        error.path = error.path or file
        failure = error
        tell(sentence(error))
    tail: dict[str, Any] = {
        "complete": failure is None and not page.is_cut,
        "to_be_recalculated": page.stale,
    }
    if failure is not None:
        tail["error"] = describe_error(failure)
    print("\n], " + json_text(tail).removeprefix("{"))
    return Exit.DONE if failure is None else exit_code(failure)
