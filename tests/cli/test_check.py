"""`budgetinator check`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from budgetinator.budgets import WorkPackage
from tests.budgets.workbooks import SAMPLE, example, named, write
from tests.cli.running import call

OLD = "=0.25*(G13+I13+J13+K13+L13)"


def older(path: Path) -> Path:
    """The worked example with the older formula of indirect cost, and text for a number."""

    def change(workbook: Workbook) -> None:
        sheet = workbook["P2-ACME"]
        sheet["N13"], sheet["F29"] = OLD, "8.000,00"

    budget = named(SAMPLE.partners[0], example(), SAMPLE.partners[2])
    packages = tuple(WorkPackage(number, f"Part {number}", "ACME", 1, 9) for number in (1, 2, 3))
    return write(path, replace(budget, work_packages=packages), change)


def test_a_correct_budget(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 0, and nothing found."""
    path = write(tmp_path / "budget.xlsx")
    ended = call(capsys, "check", path)
    assert (ended.code, ended.out) == (0, "Findings: 0 errors, 0 warnings, 0 notes.\n")
    (document,) = call(capsys, "check", path, "--json").document["workbooks"]
    assert document == {
        "file": str(path),
        "counts": {"error": 0, "warning": 0, "note": 0},
        "findings": [],
        "mended": [],
        "saved": None,
        "backup": None,
    }


def test_errors_are_shown_with_place_and_fix(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 1; the file is not touched."""
    path = older(tmp_path / "budget.xlsx")
    before = path.read_bytes()
    ended = call(capsys, "check", path)
    assert ended.code == 1
    line = next(line for line in ended.out.splitlines() if "P2-ACME!N13" in line)
    assert line.startswith("error")
    assert "counts L13 (Support to third parties) in" in line
    assert line.endswith("Put in =0.25*(G13+I13+J13+K13)")
    (document,) = call(capsys, "check", path, "--json").document["workbooks"]
    (old,) = [each for each in document["findings"] if each["rule"] == "formula-old"]
    assert old["fix"]["changes"] == [
        {
            "sheet": "P2-ACME",
            "cell": "N13",
            "before": {"formula": OLD},
            "after": {"formula": "=0.25*(G13+I13+J13+K13)"},
        }
    ]
    assert path.read_bytes() == before


def without_results(part: bytes) -> bytes:
    """A sheet's part without what its formulas give."""
    part = re.sub(rb"(</f>)<v(?: ?/>|>[^<]*</v>)", rb"\1", part)
    return re.sub(rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?) t="str"(><f>)', rb"\1\2", part)


def test_what_is_safe_is_mended_and_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """All but results stays byte for byte, and the old file is kept if that is asked for."""
    path = older(tmp_path / "budget.xlsx")
    before = path.read_bytes()
    ended = call(capsys, "check", path, "--fix", "--backup")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert f"Mended P2-ACME!N13: {OLD} -> =0.25*(G13+I13+J13+K13)" in lines
    assert "Mended P2-ACME!F29: 8.000,00 -> 8000.00" in lines
    assert (tmp_path / "budget.backup.xlsx").read_bytes() == before
    with ZipFile(path) as now, ZipFile(tmp_path / "budget.backup.xlsx") as old:
        changed = {
            name
            for name in old.namelist()
            if without_results(now.read(name)) != without_results(old.read(name))
        }
    assert "xl/worksheets/sheet2.xml" in changed
    assert changed <= {"xl/worksheets/sheet2.xml", "xl/workbook.xml"}
    (document,) = call(capsys, "check", path, "--fix", "--json").document["workbooks"]
    assert (document["counts"]["error"], document["mended"], document["saved"]) == (0, [], None)


def test_many_files_have_a_row_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One that cannot be read too, with the reason; the gravest ending is the exit code."""
    good, wrong = write(tmp_path / "good.xlsx"), older(tmp_path / "wrong.xlsx")
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04 and no more")
    ended = call(capsys, "check", good, damaged, wrong)
    heading, *rows = ended.out.splitlines()
    assert heading.split() == ["File", "Errors", "Warnings", "Notes", "Mended", "Failure"]
    assert [row.split()[0] for row in rows] == [str(good), str(damaged), str(wrong)]
    assert "damaged" in rows[1].removeprefix(str(damaged))
    assert ended.code == 4
    assert call(capsys, "check", good, wrong).code == 1
    documents = call(capsys, "check", good, damaged, "--json").document["workbooks"]
    assert ["error" in each for each in documents] == [False, True]


def test_rules_can_be_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """And an unknown set is a wrong call."""
    path = older(tmp_path / "budget.xlsx")
    found = call(capsys, "check", path, "--rules", "HE-LUMP", "--json").document["workbooks"]
    assert "formula-old" in {each["rule"] for each in found[0]["findings"]}
    ended = call(capsys, "check", path, "--rules", "FP7")
    assert ended.code == 2
    assert "HE-RIA" in ended.line


def test_backup_without_fix_is_a_wrong_call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Because nothing would be saved."""
    ended = call(capsys, "check", write(tmp_path / "budget.xlsx"), "--backup")
    assert ended.code == 2
    assert "--fix" in ended.line
