"""Changes around the rows of real workbooks, against what openpyxl itself would save.

The files are at `$BUDGETINATOR_CORPUS` or at `../shared/corpus`; where there are none, the
tests are skipped. EDITING_CORPUS=all takes most of them and some ten minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.table import Table

from budgetinator.errors import BudgetinatorError
from budgetinator.workbooks.losses.diff import missing
from budgetinator.workbooks.losses.tree import TreeReader
from budgetinator.workbooks.merging.parts.nodes import parse_nodes
from budgetinator.workbooks.merging.parts.order import child_rank
from budgetinator.workbooks.opc.package import Package
from tests.workbooks.merging.drawn import picture
from tests.workbooks.merging.framing import Change, data_bar, merge, resave, shown

ROOT = Path(__file__).resolve().parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
# Some of each kind: charts, pictures, shapes, validations, formats, tables, links, prints.
_KINDS = (
    "chart_[abps]*1", "chart_title0*", "image[12]*", "shape*", "textbox2*", "data_validation*",
    "cond_format*", "table1*", "hyperlink[1-4]*", "header*", "print_*", "panes*", "outline*",
    "comment0*", "vml*", "button*", "sparkline0*", "5[0-9]*", "6[0-9]*", "[A-W]*",
)  # fmt: skip
_MOST_OF_A_KIND = 30 if os.environ.get("EDITING_CORPUS") == "all" else 3
_LARGEST = 300_000


def _files() -> Iterator[Path]:
    for kind in _KINDS:
        found = sorted(CORPUS.glob(f"*/{kind}.xls[xm]"))
        step = max(len(found) // _MOST_OF_A_KIND, 1)
        yield from (path for path in found[::step] if path.stat().st_size < _LARGEST)


FILES = sorted(set(_files()))
pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"there is no corpus at {CORPUS}"),
]


def _nothing(_: Any) -> None:
    return None


def _view(sheet: Any) -> None:
    sheet.freeze_panes = "C4"
    sheet.sheet_view.zoomScale = 77
    sheet.sheet_properties.tabColor = "FF8800"


def _cells(sheet: Any) -> None:
    sheet.merge_cells("X50:Y52")
    sheet.column_dimensions["ZZ"].width = 33
    sheet["ZZ1"].hyperlink = "https://example.org/a&b"


def _rules(sheet: Any) -> None:
    rule = DataValidation(type="list", formula1='"a,b"')
    rule.add("Z9")
    sheet.add_data_validation(rule)
    sheet.conditional_formatting.add("Z1:Z9", data_bar("FF00FF00"))
    sheet.protection.password = "secret"
    sheet.protection.sheet = True


def _page(sheet: Any) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_margins.left = 0.123
    sheet.print_options.gridLines = True
    sheet.oddFooter.right.text = "Budget"
    sheet.row_breaks.append(Break(id=7))


def _objects(sheet: Any) -> None:
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=5))
    sheet.add_chart(chart, "M20")
    sheet.add_image(picture("red"), "N3")


def _table(sheet: Any) -> None:
    table: Any = Table(displayName="Added", ref="AA101:AB104")
    table._initialise_columns()
    sheet.add_table(table)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_without_a_change_nothing_is_touched(path: Path, tmp_path: Path) -> None:
    """What openpyxl does not know or spells otherwise is no change."""
    assert merge(_copy(path, tmp_path), _nothing).touched == []


@pytest.mark.parametrize("change", [_view, _cells, _rules, _page, _objects, _table])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_changes_are_what_openpyxl_would_save(path: Path, change: Change, tmp_path: Path) -> None:
    """openpyxl reads what it would have saved, and nothing of the original is gone."""
    path = _copy(path, tmp_path)
    merged = merge(path, change)
    assert merged.losses == []
    assert _is_in_order(path, merged.parts)
    if shown(path) == shown(resave(path, _nothing)):  # openpyxl's own save is true to itself
        assert shown(merged.path) == shown(resave(path, change))
    assert [gone.phrase for gone in _gone(path, merged.path)] == []


def _copy(path: Path, folder: Path) -> Path:
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    try:
        with Package.open(copy) as package:
            kinds = [sheet.kind for sheet in package.sheets]
        if "worksheet" in kinds:
            shown(copy)
            return copy
    except BudgetinatorError as error:
        pytest.skip(f"openpyxl cannot read it: {type(error).__name__}")
    pytest.skip("it has no worksheet")


def _is_in_order(path: Path, parts: dict[str, bytes]) -> bool:
    """Whether the sections of the worksheet come in the order of the schema."""
    with Package.open(path) as package:
        part = next(sheet.part for sheet in package.sheets if sheet.kind == "worksheet")
    names = [child.local for child in parse_nodes(parts[part], part).children]
    ranks = [rank for name in names if (rank := child_rank("worksheet", name)) is not None]
    return ranks == sorted(ranks)


def _gone(one: Path, other: Path) -> Iterator[Any]:
    """What the first file has and the second has not, but for what the changes here replace."""
    changed = {"pane", "selection", "sheetView", "pageSetup", "pageMargins", "printOptions"}
    changed |= {"sheetProtection", "oddFooter", "tabColor", "col", "sheetFormatPr"}
    with Package.open(one) as first, Package.open(other) as second:
        old, new = (TreeReader(package).package() for package in (first, second))
        for gone in missing(old, new):
            if not changed & set(gone.path):
                yield gone
