"""Random edits of an openpyxl workbook: saved here as openpyxl itself would save them."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.comparing import sheet_contents
from tests.workbooks.reading.test_lazy import let_go, load, make_rich_budget

# EDITING_EXAMPLES=1000 looks longer.
EXAMPLES = int(os.environ.get("EDITING_EXAMPLES", "40"))
Places = st.tuples(st.integers(1, 12), st.integers(1, 6))
Values = st.one_of(
    st.integers(-1000, 1000),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 4)),
    st.booleans(),
    st.text("ab<&\"' \n=é€_", min_size=1, max_size=6),
    st.sampled_from(["=A1+1", "=SUM(A1:B4)", "#N/A", None, " x ", "=Notes!A1"]),
    st.sampled_from([dt.datetime(2026, 1, 2, 3, 4), dt.date(2026, 5, 6), dt.time(7, 8)]),
)
Formats = st.sampled_from(["0.00", "General", "yyyy-mm-dd", "DD.MM.YYYY", "@"])
Edits = st.one_of(
    st.tuples(st.just("set"), Places, Values),
    st.tuples(st.just("format"), Places, Formats),
    st.tuples(st.just("bold"), Places, st.booleans()),
    st.tuples(st.just("delete"), Places, st.none()),
    st.tuples(st.sampled_from(["insert_rows", "delete_rows", "insert_cols", "delete_cols"]),
              st.tuples(st.integers(1, 6), st.integers(1, 2)), st.none()),
    st.tuples(st.just("append"), Places, st.lists(Values, min_size=1, max_size=3)),
    st.tuples(st.just("move"), Places, st.integers(1, 3)),
    st.tuples(st.just("width"), Places, st.integers(5, 50)),
    st.tuples(st.just("height"), Places, st.integers(5, 50)),
    st.tuples(st.sampled_from(["merge", "freeze", "print"]), Places, st.none()),
)  # fmt: skip


def edit(sheet: Any, kind: str, place: tuple[int, int], what: Any) -> None:  # noqa: C901  a list
    if kind == "append":
        sheet.append(what)
    elif kind.endswith(("_rows", "_cols")):
        getattr(sheet, kind)(*place)
    elif kind == "width":
        sheet.column_dimensions[openpyxl.utils.get_column_letter(place[1])].width = what
    elif kind == "height":
        sheet.row_dimensions[place[0]].height = what
    elif kind == "merge":
        merged = "G9:H10" in sheet.merged_cells
        with contextlib.suppress(KeyError):  # openpyxl looks for cells that rows took along
            (sheet.unmerge_cells if merged else sheet.merge_cells)("G9:H10")
    elif kind == "freeze":
        sheet.freeze_panes = sheet.cell(*place)
    elif kind == "print":
        sheet.print_title_rows, sheet.page_setup.orientation = f"1:{place[0]}", "portrait"
    elif kind == "move":
        sheet.move_range("A2:B3", rows=what, cols=place[1] % 3)
    elif kind == "delete":
        sheet._cells.pop(place, None)
    elif kind == "set":
        sheet.cell(*place).value = what
    elif kind == "format":
        sheet.cell(*place).number_format = what
    else:
        sheet.cell(*place).font = Font(bold=what)


def make_varied(path: Path) -> Path:
    """Numbers, texts, formulas, dates and styles."""
    make_rich_budget(path)
    book = openpyxl.load_workbook(path)
    plan = book["Plan"]
    plan.unmerge_cells("F1:G2")
    plan["B2"].comment = plan["A3"].hyperlink = None
    plan["D2"], plan["D3"] = dt.datetime(2026, 1, 1), dt.date(2025, 5, 5)
    book.save(path)
    return path


def seen(path: Path) -> Any:
    """What openpyxl reads, with all formats that openpyxl gives dates of its own accord as one."""
    book = openpyxl.load_workbook(path)
    found = []
    for sheet in book.worksheets:
        contents = sheet_contents(sheet)
        contents["cells"] = {
            place: (_value(held[0]), held[1], _FORMATS.get(held[2], held[2]), *held[3:])
            for place, held in contents["cells"].items()
        }
        found.append(contents)
    return found


def _value(value: Any) -> Any:
    return value.replace(microsecond=0) if isinstance(value, dt.datetime) else value


_FORMATS = {
    "mm-dd-yy": "yyyy-mm-dd",
    "m/d/yy h:mm": "yyyy-mm-dd h:mm:ss",
    "h:mm:ss": "h:mm:ss",
}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(Edits, min_size=1, max_size=5))
def test_the_file_is_what_openpyxl_would_have_saved(
    tmp_path_factory: pytest.TempPathFactory, edits: list[Any]
) -> None:
    """Values, formulas, styles and dimensions, whichever way it was written."""
    folder = tmp_path_factory.mktemp("edits")
    ours, theirs = make_varied(folder / "ours.xlsx"), folder / "theirs.xlsx"
    shutil.copy(ours, theirs)
    book = openpyxl.load_workbook(theirs)
    for each in edits:
        edit(book["Plan"], *each)
    book.save(theirs)
    service = ResourceManagementService()
    with ExcelManager(ours, service=Surroundings(service, lock_dir=folder / "locks")) as manager:
        for each in edits:
            edit(manager.workbook["Plan"], *each)
        report = manager.save()
        assert not manager.is_modified
    service.close()
    assert seen(ours) == seen(theirs), report.how


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(Edits, min_size=1, max_size=8))
def test_a_sheet_read_late_is_edited_like_one_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, edits: list[Any]
) -> None:
    """Any sequence of changes leaves the same cells, styles, merged areas and dimensions."""
    path = make_varied(tmp_path_factory.mktemp("late") / "varied.xlsx")
    late, early = load(path), load(path, lazy=False)
    found = []
    for loaded in (late, early):
        for each in edits:
            edit(loaded.workbook["Plan"], *each)
        loaded.workbook.copy_worksheet(loaded.workbook["Plan"])
        found.append([sheet_contents(sheet) for sheet in loaded.workbook.worksheets])
        let_go(loaded)
    assert found[0] == found[1]
