"""`budgetinator info`: what workbook files contain, read without openpyxl."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit, exit_code
from budgetinator.cli.failures import describe_error, sentence, tell
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, print_table, waiting
from budgetinator.config import load_settings
from budgetinator.errors import BudgetinatorError

if TYPE_CHECKING:
    from budgetinator.workbooks.reading.contents import Contents, SheetContents

__all__ = ["command"]

# What a workbook may contain beside cells: the attribute of Contents, one of it, several.
_COUNTED = (
    ("formulas", "formula", "formulas"),
    ("charts", "chart", "charts"),
    ("images", "image", "images"),
    ("tables", "table", "tables"),
    ("pivot_tables", "pivot table", "pivot tables"),
    ("slicers", "slicer", "slicers"),
    ("timelines", "timeline", "timelines"),
    ("sparklines", "sparkline", "sparklines"),
    ("comments", "comment", "comments"),
    ("threaded_comments", "threaded comment", "threaded comments"),
    ("hyperlinks", "hyperlink", "hyperlinks"),
    ("data_validations", "data validation", "data validations"),
    ("conditional_formats", "conditional format", "conditional formats"),
    ("defined_names", "defined name", "defined names"),
    ("form_controls", "form control", "form controls"),
    ("ole_objects", "embedded object", "embedded objects"),
    ("external_links", "link to another workbook", "links to other workbooks"),
    ("connections", "data connection", "data connections"),
    ("query_tables", "query table", "query tables"),
    ("custom_xml", "custom XML part", "custom XML parts"),
)
_TOLD = (
    ("macros", "macros"),
    ("macros_signed", "signed macros"),
    ("signed", "a digital signature"),
    ("workbook_protected", "a protected structure"),
    ("template", "the type of a template"),
    ("strict", "Strict Open XML"),
)


@click.command("info", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(files: tuple[str, ...], as_json: bool) -> int:
    """Show the sheets of each FILE, its size, and what it contains.

    Of several files each is looked at; the exit code is that of the worst.

    JSON: files (a list of file, size, unpacked_size, parts, cells, formulas,
    needs_recalculation, sheets, contains; or of file and error).
    """
    from budgetinator.workbooks.opc.package import Package
    from budgetinator.workbooks.patch.calculation import is_marked
    from budgetinator.workbooks.reading.contents import describe_package

    bounds = load_settings().settings.opening
    worst = Exit.DONE
    documents: list[dict[str, Any]] = []
    for number, file in enumerate(files):
        try:
            with waiting(f"reading {file}"), Package.open(file, bounds) as package:
                contents = describe_package(package)
                is_stale = contents.formulas > 0 and is_marked(package)
        except BudgetinatorError as error:
            if len(files) == 1:
                raise
            tell(sentence(error))
            documents.append({"file": file, "error": describe_error(error)})
            worst = max(worst, exit_code(error))
            continue
        documents.append(_document(file, contents, is_stale=is_stale))
        if not as_json:
            _print(file, contents, first=number == 0, is_stale=is_stale)
    if as_json:
        print_json({"files": documents})
    return worst


def _document(file: str, contents: Contents, *, is_stale: bool) -> dict[str, Any]:
    counted: dict[str, Any] = {name: getattr(contents, name) for name, _, _ in _COUNTED}
    told = {name: getattr(contents, name) for name, _ in _TOLD}
    return {
        "file": file,
        "size": contents.size,
        "unpacked_size": contents.unpacked_size,
        "parts": contents.parts,
        "cells": contents.cells,
        "formulas": contents.formulas,
        "needs_recalculation": is_stale,
        "sheets": [asdict(sheet) for sheet in contents.sheets],
        "contains": {**counted, **told, "protected_sheets": list(contents.protected_sheets)},
    }


def _print(file: str, contents: Contents, *, first: bool, is_stale: bool) -> None:
    if not first:
        print_lines("")
    sheets = len(contents.sheets)
    print_lines(
        f"{file}: {bytes_text(contents.size)} ({bytes_text(contents.unpacked_size)} unpacked), "
        f"{contents.parts} parts, {sheets} {'sheet' if sheets == 1 else 'sheets'}, "
        f"{contents.cells} cells",
        f"contains: {', '.join(_contained(contents)) or 'values only'}",
    )
    if is_stale:
        print_lines(f"its formulas are to be recalculated: budgetinator recalc {shlex.quote(file)}")
    columns = ("sheet", "kind", "state", "dimension", "cells", "formulas", "more")
    print_table(columns, map(_sheet_row, contents.sheets), right=[4, 5])


def _contained(contents: Contents) -> list[str]:
    counted = [
        f"{count} {one if count == 1 else several}"
        for name, one, several in _COUNTED
        if (count := getattr(contents, name))
    ]
    protected = len(contents.protected_sheets)
    if protected:
        counted.append(f"{protected} protected {'sheet' if protected == 1 else 'sheets'}")
    return counted + [text for name, text in _TOLD if getattr(contents, name)]


def _sheet_row(sheet: SheetContents) -> tuple[str, ...]:
    more = ["protected"] if sheet.protected else []
    if sheet.merged_ranges:
        more.append(f"{sheet.merged_ranges} merged")
    if sheet.hyperlinks:
        more.append(f"{sheet.hyperlinks} links")
    return (
        sheet.name,
        sheet.kind,
        sheet.state,
        sheet.dimension or "",
        str(sheet.cells),
        str(sheet.formulas),
        ", ".join(more),
    )
