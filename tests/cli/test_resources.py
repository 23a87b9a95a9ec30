"""`budgetinator resources`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from budgetinator.runtime import default_runtime
from budgetinator.workbooks import ExcelManager
from tests.cli.running import call, environment, run
from tests.workbooks.builders import make_workbook

HOLDER = (
    "import sys\n"
    "from budgetinator.workbooks import ExcelManager\n"
    "with ExcelManager(sys.argv[1]) as manager:\n"
    "    manager.workbook\n"
    "    print('open', flush=True)\n"
    "    sys.stdin.readline()\n"
)


@pytest.fixture
def holder(tmp_path: Path) -> tuple[list[str], Path]:
    """A program that holds a workbook until its stdin is closed, and that workbook."""
    script = tmp_path / "report.py"
    script.write_text(HOLDER)
    path = make_workbook(tmp_path / "plan.xlsx")
    return [sys.executable, str(script), str(path)], path


def test_nothing_is_open_at_first(capsys: pytest.CaptureFixture[str]) -> None:
    """A machine on which nobody works says so."""
    assert call(capsys, "resources").out.splitlines() == [
        "This process holds nothing.",
        "In all processes: 0 open in 0, 0 stale; --all-processes lists them.",
    ]
    assert (
        "No process of ours has a workbook open."
        in call(capsys, "resources", "--all-processes").out
    )


def test_another_process_s_workbook_is_listed_until_it_ends(
    holder: tuple[list[str], Path],
) -> None:
    """With its pid, program, mode and size; a killed one is stale."""
    words, path = holder
    with subprocess.Popen(
        words,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        (entry,) = run("resources", "--all-processes", "--json").document["processes"]
        assert (entry["pid"], entry["program"], entry["file"]) == (
            child.pid,
            "report.py",
            str(path),
        )
        assert (entry["kind"], entry["alive"], entry["mode"]) == ("open", True, "edit")
        assert entry["size"] > 0
        assert "In all processes: 1 open in 1, 0 stale" in run("resources").out
        child.kill()
        child.wait(60)
    (entry,) = run("resources", "--all-processes", "--json").document["processes"]
    assert (entry["alive"], entry["program"]) == (False, None)
    table = run("resources", "--all-processes").out
    assert re.search(rf"^{child.pid}\s+\(ended\)\s+stale\s+edit .* {path}$", table, re.MULTILINE)


def test_this_process_s_components_are_always_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Called within a program, it shows what that program holds."""
    path = make_workbook(tmp_path / "plan.xlsx")
    with ExcelManager(path, service=default_runtime().surroundings) as manager:
        assert manager.workbook.sheetnames == ["Budget"]
        document = call(capsys, "resources", "--json").document
    (component,) = document["components"]
    (resource,) = component["resources"]
    assert (resource["type"], resource["name"]) == ("workbook", str(path))
    assert component["bytes"] == resource["bytes"]
    assert [entry["pid"] for entry in document["processes"]] == [os.getpid()]


def test_a_journal_that_does_not_work_is_said(tmp_path: Path) -> None:
    """The table names the reason."""
    (tmp_path / "config.json").write_text('{"resources": {"journal": false}}')
    ended = run("resources", cwd=tmp_path)
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == (
        "The record of open workbooks is switched off (resources.journal)."
    )
    assert run("resources", "--json", cwd=tmp_path).document["journal"] is None
