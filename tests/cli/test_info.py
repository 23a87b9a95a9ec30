"""`budgetinator info`."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment

from tests.cli.running import call
from tests.workbooks.builders import make_workbook


@pytest.fixture
def rich_file(tmp_path: Path) -> Path:
    """Two sheets with a chart, a comment, a link, a merge, protection and a formula."""
    workbook = Workbook()
    first = workbook.worksheets[0]
    first.title = "Übersicht"
    first.append(["Travel", 1200])
    first["B2"] = "=SUM(B1:B1)"
    first["A1"].comment = Comment("Why?", "Ann")
    first["A3"].hyperlink = "https://example.org"
    first.merge_cells("C1:D1")
    chart = BarChart()
    chart.add_data(Reference(first, min_col=2, min_row=1, max_row=2))
    first.add_chart(chart, "F1")
    second = workbook.create_sheet("Notes")
    second.protection.enable()
    second.sheet_state = "hidden"
    workbook.save(tmp_path / "rich.xlsx")
    workbook.close()
    return tmp_path / "rich.xlsx"


def test_it_tells_what_the_workbook_contains(
    capsys: pytest.CaptureFixture[str], rich_file: Path
) -> None:
    """The text names the size, the contents, whether formulas are computed, and each sheet."""
    ended = call(capsys, "info", rich_file)
    head, contents, stale, columns, *sheets = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert head.startswith(f"{rich_file}: ")
    assert head.endswith("2 sheets, 4 cells")
    assert contents == ("contains: 1 formula, 1 chart, 1 comment, 1 hyperlink, 1 protected sheet")
    command = f"budgetinator recalc {rich_file}"
    assert stale == f"its formulas are to be recalculated: {command}"
    assert columns.split() == ["sheet", "kind", "state", "dimension", "cells", "formulas", "more"]
    assert [line.split() for line in sheets] == [
        ["Übersicht", "worksheet", "visible", "A1:D3", "4", "1", "1", "merged,", "1", "links"],
        ["Notes", "worksheet", "hidden", "A1:A1", "0", "0", "protected"],
    ]


def test_its_json_has_the_promised_keys(
    capsys: pytest.CaptureFixture[str], rich_file: Path
) -> None:
    """Programs get every count, the zeros too."""
    (document,) = call(capsys, "info", rich_file, "--json").document["files"]
    assert list(document) == [
        "file",
        "size",
        "unpacked_size",
        "parts",
        "cells",
        "formulas",
        "needs_recalculation",
        "sheets",
        "contains",
    ]
    assert document["size"] == rich_file.stat().st_size
    assert [sheet["name"] for sheet in document["sheets"]] == ["Übersicht", "Notes"]
    contains = document["contains"]
    assert (contains["charts"], contains["pivot_tables"], contains["macros"]) == (1, 0, False)
    assert contains["protected_sheets"] == ["Notes"]


def test_of_several_files_each_is_looked_at(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One bad file costs its own description, and the exit code is the worst."""
    good = make_workbook(tmp_path / "good.xlsx")
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"")
    ended = call(capsys, "info", tmp_path / "none.xlsx", bad, good)
    assert ended.code == 4
    assert [line.split(": ")[0] for line in ended.err.splitlines()] == ["budgetinator"] * 2
    assert f"{good}: " in ended.out
    files = call(capsys, "info", tmp_path / "none.xlsx", bad, good, "--json").document["files"]
    assert [file.get("error", {}).get("type") for file in files] == [
        "WorkbookNotFound",
        "NotAWorkbook",
        None,
    ]
