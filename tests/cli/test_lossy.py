"""`budgetinator lossy`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import call
from tests.workbooks.builders import change_part, make_workbook


def test_openpyxl_s_own_file_loses_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 0 and an empty list."""
    path = make_workbook(tmp_path / "plain.xlsx")
    ended = call(capsys, "lossy", path)
    assert (ended.code, ended.out) == (0, "A save through openpyxl would lose nothing.\n")
    assert call(capsys, "lossy", path, "--json").document == {"file": str(path), "losses": []}


def test_what_openpyxl_does_not_know_is_a_finding(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 1, with the sheet and what is lost."""
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
    ended = call(capsys, "lossy", path, "--json")
    assert ended.code == 1
    (loss,) = ended.document["losses"]
    assert list(loss) == ["kind", "part", "sheet", "what"]
    assert (loss["part"], loss["sheet"]) == ("xl/worksheets/sheet1.xml", "Budget")
    table = call(capsys, "lossy", path)
    assert (table.code, loss["what"] in table.out, path.read_bytes()) == (1, True, before)
