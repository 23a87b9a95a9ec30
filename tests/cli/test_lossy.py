"""`budgetinator lossy`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

from tests.cli.running import call
from tests.workbooks.builders import change_part, make_workbook


def make_table(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Item", "Cost"], ["Travel", 100]):
        sheet.append(row)
    sheet.add_table(Table(displayName="Costs", ref="A1:B2"))
    book.save(path)
    return path


def test_a_plain_file_loses_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 0 and empty lists."""
    path = make_workbook(tmp_path / "plain.xlsx")
    ended = call(capsys, "lossy", path, "--openpyxl")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "A save loses nothing of this file.",
        "openpyxl by itself would lose nothing either.",
    ]
    document = call(capsys, "lossy", path, "--json").document
    assert document == {"file": str(path), "losses": [], "risks": []}


def test_what_a_particular_change_would_lose_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With the change that would; that is no reason to fail."""
    path = make_table(tmp_path / "table.xlsx")
    ended = call(capsys, "lossy", path, "--json")
    (risk,) = ended.document["risks"]
    assert (ended.code, risk["kind"], risk["part"]) == (0, "table", "xl/tables/table1.xml")
    assert "'Costs' (A1:B2)" in risk["what"]
    table = call(capsys, "lossy", path).out
    assert "but for what is named below" in table
    assert "header cells is overwritten" in " ".join(table.split())


def test_a_signature_is_lost_by_any_change(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 1."""
    path = make_workbook(tmp_path / "signed.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    ended = call(capsys, "lossy", path, "--json")
    (loss,) = ended.document["losses"]
    assert (ended.code, loss["kind"], loss["part"]) == (1, "signature", "_xmlsignatures/sig1.xml")


def test_what_openpyxl_does_not_know_is_a_finding(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Asked for, it gives exit code 1, with the sheet and what openpyxl would lose."""
    path = make_workbook(tmp_path / "custom.xlsx")
    change_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(
            b"</worksheet>",
            b'<extLst><ext uri="{8A9D9C5A-0000-4C4B-9B4E}"><figures xmlns="urn:of:one">'
            b"<figure>7</figure></figures></ext></extLst></worksheet>",
        ),
    )
    before = path.read_bytes()
    ended = call(capsys, "lossy", path, "--openpyxl", "--json")
    assert (ended.code, ended.document["losses"]) == (1, [])
    (loss,) = ended.document["openpyxl"]
    assert list(loss) == ["kind", "part", "sheet", "what"]
    assert (loss["part"], loss["sheet"]) == ("xl/worksheets/sheet1.xml", "Budget")
    table = call(capsys, "lossy", path, "--openpyxl")
    assert (table.code, loss["what"] in table.out, path.read_bytes()) == (1, True, before)
