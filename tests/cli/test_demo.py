"""`budgetinator demo`, and the workbook that it makes."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from budgetinator.cli.sample import MONEY, make_sample
from tests.cli.running import call, names_in, run


def test_it_gives_back_what_it_held(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One workbook is tracked while it is open, and nothing before and after."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = call(capsys, "demo", "--json")
    account = ended.document
    assert (ended.code, ended.err) == (0, "")
    assert (account["sheets"], account["kept"]) == (24, False)
    assert account["formulas"] > 1000
    assert account["change"] == {"cell": "P2-L'ORE!D7", "before": 5300, "after": 5400}
    (tracked,) = account["tracked"]
    assert (tracked["type"], tracked["name"]) == ("workbook", account["file"])
    held = ("components", "resources", "journal_rows")
    readings = account["readings"]
    assert [tuple(readings[when][name] for name in held) for when in readings] == [
        (0, 0, 0),
        (1, 1, 1),
        (0, 0, 0),
    ]
    assert readings["after"]["descriptors"] == readings["before"]["descriptors"]
    assert readings["during"]["tracked_bytes"] == tracked["bytes"]
    assert names_in(tmp_path) == []


def test_it_tells_its_story(tmp_path: Path) -> None:
    """Made, shown, changed, saved, tracked, given back."""
    ended = run("demo", env={"TMPDIR": str(tmp_path)})
    assert (ended.code, ended.err) == (0, "")
    for text in (
        "20 partners, 24 sheets",
        "=D7*B18",
        "Changed P2-L'ORE!D7: 5300 -> 5400",
        "Tracked while it was open:",
        "0 resources and 0 descriptors left over.",
        "The workbook was removed.",
    ):
        assert text in ended.out
    assert names_in(tmp_path) == []


def test_it_keeps_the_workbook_where_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`--keep` makes the folder, and replaces nothing."""
    folder = tmp_path / "new" / "folder"
    assert call(capsys, "demo", "--keep", folder).code == 0
    assert names_in(folder) == ["sample-consortium.xlsx"]
    again = call(capsys, "demo", "--keep", folder)
    assert again.code == 2
    assert "exists already" in again.line


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "sample.xlsx")


def test_the_sample_has_the_layout_of_budget_workbooks(sample: Path) -> None:
    """Sheets, cells, formulas and formats stand where the layout has them."""
    workbook = openpyxl.load_workbook(sample)
    assert workbook.sheetnames[:2] == ["P1-Coord", "P2-L'ORE"]
    assert workbook.sheetnames[19:] == [
        "P20-FJORD2",
        "PM Summary",
        "PM Overview",
        "Budget Overview",
        "Version History",
    ]
    partner, overview = workbook["P2-L'ORE"], workbook["Budget Overview"]
    assert [partner[f"D{row}"].value for row in (2, 3, 5, 6, 7)] == [
        2,
        "L'ORE",
        "FR",
        "Beneficiary",
        5300,
    ]
    assert len(partner["D4"].value) == 9
    assert [partner[f"{column}13"].value for column in "BCGNOQX"] == [
        "=D2",
        "=D4",
        "=D7*B18",
        "=0.25*(G13+I13+J13+K13)",
        "=SUM(G13:N13)",
        "=O13*P13",
        "=S13+T13+U13+V13+W13",
    ]
    assert (partner["N13"].number_format, partner["B18"].value) == (MONEY, "=SUM(C18:Q18)")
    assert (partner["X11"].value, partner["V11"].value, partner["W11"].value) == (21, None, 20)
    assert partner.column_dimensions["V"].hidden
    assert "D7:E7" in [str(area) for area in partner.merged_cells.ranges]
    assert overview["F9"].value == "='P2-L''ORE'!G13"
    assert overview["W27"].value == "='P20-FJORD2'!X13"
    assert overview["N28"].value == "=SUM(N8:N27)"
    assert workbook["PM Overview"]["C6"].value == "='P2-L''ORE'!C18"
    assert workbook["Version History"]["A1"].value == "Timestamp"
    workbook.close()


def test_zero_and_empty_differ_in_the_sample(sample: Path) -> None:
    """No budget is 0, and what is not determined yet is an empty cell."""
    workbook = openpyxl.load_workbook(sample)
    sheet = workbook["P2-L'ORE"]
    assert (sheet["F30"].value, sheet["F23"].value, sheet["C18"].value) == (0, None, 0)
    workbook.close()
