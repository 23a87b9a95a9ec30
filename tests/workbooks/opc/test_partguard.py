"""What parts may cost whoever parses them."""

from __future__ import annotations

import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetinator.config import OpeningBounds
from tests.workbooks.builders import (
    WORKBOOK,
    Parts,
    minimal_parts,
    with_strings,
    workbook_xml,
    write_zip,
)
from tests.workbooks.opening import opened, refusal

MB = 1024 * 1024
XF = '<xf xfId="#"/>'


def many(container: str, element: str, count: int) -> str:
    """A container of an element again and again, each with its number for the sign #."""
    inner = "".join(element.replace("#", str(number)) for number in range(1, count + 1))
    return f"<{container}>{inner}</{container}>"


SHEET_COSTS = {
    "merges": (
        many("mergeCells", '<mergeCell ref="A#:B#"/>', 60_000),
        ("merged area too large", "max_merged_cells"),
    ),
    "one merge of the whole grid": (
        '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        ("merged area too large", "max_merged_cells"),
    ),
    "a merge beyond the grid": (
        '<mergeCells><mergeCell ref="A1:XFE2"/></mergeCells>',
        ("outside the grid", None),
    ),
    "a hyperlink beyond the grid": (
        '<hyperlinks><hyperlink display="a > b" ref="A1:B1048577"/></hyperlinks>',
        ("outside the grid", None),
    ),
    "a hyperlink over whole columns": (
        '<hyperlinks><hyperlink ref="A1:C1048576"/></hyperlinks>',
        ("merged area too large", "max_merged_cells"),
    ),
    "validations": (
        many("dataValidations", '<dataValidation sqref="A#"/>', 100_001),
        ("too many dataValidation elements", None),
    ),
}


@pytest.mark.parametrize("what", SHEET_COSTS)
def test_what_a_sheet_may_not_cost_is_refused(tmp_path: Path, what: str) -> None:
    """Merges, links and validations are bounded by number, area and grid."""
    after, expected = SHEET_COSTS[what]
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(after=after))
    assert refusal(path) == expected


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1048577"><c r="A1048577"/></row>',
        '<row r="1"><c r="A99999999"/></row>',
        '<row r="1"><c r="XFE1"/></row>',
        '<row r="1"><c r="AAAA1"/></row>',
    ],
)
def test_cells_outside_the_grid_are_refused(tmp_path: Path, rows: str) -> None:
    """A row or column that no sheet has is refused, wherever it is named."""
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    assert refusal(path) == ("outside the grid", None)


def test_the_corners_of_the_grid_are_let_in(tmp_path: Path) -> None:
    """The last row and the last column are cells like others."""
    rows = '<row r="1048576"><c r="A1048576"/><c r="XFD1048576"/></row>'
    assert opened(write_zip(tmp_path / "a.xlsx", minimal_parts(rows))) == ("Budget",)


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_cells_are_counted_whatever_their_prefix(tmp_path: Path, prefix: str) -> None:
    """More cells than the bound are refused, exactly as many are not."""
    cells = "".join(
        f'<{prefix}c r="A{n}"><{prefix}v>{n * 31}</{prefix}v></{prefix}c>' for n in range(1, 50_001)
    )
    path = write_zip(
        tmp_path / "a.xlsx", minimal_parts(f'<{prefix}row r="1">{cells}</{prefix}row>')
    )
    assert refusal(path, OpeningBounds(max_cells=49_999)) == ("too many cells", "max_cells")
    assert opened(path, OpeningBounds(max_cells=50_000)) == ("Budget",)


def test_strings_names_and_styles_are_counted(tmp_path: Path) -> None:
    """Shared strings, defined names and formats are bounded."""
    parts = minimal_parts()
    strings = many("sst", "<si><t>#</t></si>", 50_000)
    names = many("definedNames", '<definedName name="n#">A1</definedName>', 100_001)
    formats = f"<styleSheet>{many('cellXfs', XF, 100_001)}</styleSheet>"
    spoilt = (
        with_strings(parts, strings),
        {**parts, WORKBOOK: workbook_xml(after=names).encode()},
        {**parts, "xl/styles.xml": formats.encode()},
    )
    bounds = OpeningBounds(max_cells=40_000)
    reasons = [refusal(write_zip(tmp_path / "a.xlsx", each), bounds)[0] for each in spoilt]
    assert reasons == [
        "too many shared strings",
        "too many definedName elements",
        "too many xf elements",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'<c r="A1" t="{"%"}"/>',
        f'<c r="A1" t="inlineStr"><is><t>{"%"}</t></is></c>',
        f"<!-- {'%'} -->",
    ],
)
def test_a_text_or_tag_of_megabytes_is_refused(tmp_path: Path, text: str) -> None:
    """An attribute, a text and a comment of 3 MB are refused although they hardly compress."""
    long = random.Random(3).randbytes(3 * MB // 2).hex()
    path = write_zip(
        tmp_path / "a.xlsx", minimal_parts(f'<row r="1">{text.replace("%", long)}</row>')
    )
    assert refusal(path) == ("text too long", None)


MEASURE = """
import pathlib, sys, time
from budgetinator.errors import WorkbookRefused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import check_parts
start = time.process_time()
try:
    with Package.open(sys.argv[1]) as package:
        check_parts(package, sheets=True)
except WorkbookRefused as error:
    taken = time.process_time() - start
    # ru_maxrss would be the parent's, which is inherited; VmHWM begins anew with the program.
    peak = pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    print(taken, int(peak) // 1024)
"""


def costly_strings() -> Parts:
    """Five million shared strings, stored, so that no ratio gives them away."""
    return with_strings(minimal_parts(), b"<sst>" + b"<si><t/></si>" * 5_000_000 + b"</sst>")


def costly_cells() -> Parts:
    """Six million cells without a word of content."""
    return minimal_parts('<row r="1">' + "<c><v>1</v></c>" * 6_000_000 + "</row>")


@pytest.mark.parametrize("make", [costly_strings, costly_cells])
def test_a_refusal_is_quick_and_small(tmp_path: Path, make: Callable[[], Parts]) -> None:
    """A file that no ratio gives away is refused within 1 s of computing and 256 MB."""
    path = write_zip(tmp_path / "a.xlsx", make(), zipfile.ZIP_STORED)
    shown = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert float(shown[0]) < 1.0
    assert int(shown[1]) < 256
