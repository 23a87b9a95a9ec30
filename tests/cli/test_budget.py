"""`budgetinator budget` and `budgetinator pm`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.budgets.workbooks import example, named, with_results, write
from tests.cli.running import call


def test_each_partner_has_a_row_and_the_consortium_the_last(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the file has no result of is marked, and explained."""
    path = write(tmp_path / "budget.xlsx", named(example(1, "COORD"), example()))
    with_results(path, {"P2-ACME!N13": 82250, "P2-ACME!O13": 420250})
    ended = call(capsys, "budget", path)
    first, _, *rows, mark, findings = ended.out.splitlines()
    assert first.startswith(f"{path}: rules HE-RIA")
    assert "*67,250.00" in rows[0]
    assert " 82,250.00 " in rows[1]
    assert " 420,250.00 " in rows[1]
    assert "*825,500.00" in rows[2]
    assert rows[2].split()[0] == "Consortium"
    assert mark.startswith("* computed")
    assert findings.startswith("Findings: ")
    assert ended.code == 0


def test_amounts_are_written_in_german(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With `--locale de`."""
    path = write(tmp_path / "budget.xlsx")
    out = call(capsys, "budget", path, "--locale", "de").out
    assert "*44.375,00" in out
    months = call(capsys, "pm", path, "--locale", "de").out.splitlines()
    assert months[2].split() == ["2", "L'ORE", "4,00", "2,50", "0,00", "6,50"]
    assert months[-1].split() == ["Consortium", "12,00", "7,50", "0,00", "19,50"]


def test_the_figures_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """By name, null for what is not determined, and which were computed."""
    path = write(tmp_path / "budget.xlsx", named(example(1)))
    (document,) = call(capsys, "budget", path, "--json").document["workbooks"]
    (partner,) = document["partners"]
    assert partner["figures"]["total_eligible"] == 405_250
    assert partner["figures"]["contributions"] is None
    assert "total_eligible" in partner["computed"]
    assert document["consortium"]["indirect"] == 67_250
    assert list(document["findings"]) == ["error", "warning", "note"]


def test_months_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Work packages with what the summary says of them, partners with their months."""
    document = call(capsys, "pm", write(tmp_path / "budget.xlsx"), "--json").document
    assert document["work_packages"][1] == {
        "number": 2,
        "title": "Method",
        "lead": "L'ORE",
        "start_month": 4,
        "end_month": 30,
        "person_months": 7.5,
    }
    assert document["partners"][2] == {
        "number": 3,
        "acronym": "Öko Lab",
        "person_months": {"1": 4, "2": 2.5, "3": 0},
        "total": 6.5,
    }
    assert document["total"] == 19.5


def test_of_many_files_one_that_cannot_be_read_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The others are shown all the same."""
    path = write(tmp_path / "budget.xlsx")
    ended = call(capsys, "budget", tmp_path / "none.xlsx", path)
    assert ended.code == 2
    assert "none.xlsx" in ended.line
    assert ended.out.startswith(str(path))
    documents = call(capsys, "budget", tmp_path / "none.xlsx", path, "--json").document
    assert ["error" in each for each in documents["workbooks"]] == [True, False]


def test_a_workbook_that_is_no_budget(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It has no partner, which is said."""
    from openpyxl import Workbook

    path = tmp_path / "other.xlsx"
    workbook = Workbook()
    workbook.save(path)
    workbook.close()
    assert "has no partner's sheet" in call(capsys, "pm", path).out
    assert "1 error, " in call(capsys, "budget", path).out
