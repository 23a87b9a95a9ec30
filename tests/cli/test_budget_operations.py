"""`new`, `partner`, `wp`, `overview update` and `history`."""

from __future__ import annotations

from pathlib import Path

import pytest

from budgetinator.budgets.reading import read_budget
from tests.budgets.consortia import three_partners, written
from tests.cli.running import call

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    return written(tmp_path / "budget.xlsx")


def test_a_new_workbook(capsys: Capture, tmp_path: Path) -> None:
    """So many partners under these rules; a file that is there is not replaced."""
    path = tmp_path / "new.xlsx"
    ended = call(capsys, "new", path, "--partners", "4", "--rules", "he-ia", "--json")
    assert (ended.code, ended.document["file"]) == (0, str(path))
    made = read_budget(path).budget
    assert (len(made.partners), made.rule_set) == (4, "HE-IA")
    again = call(capsys, "new", path)
    assert (again.code, "exists already" in again.line) == (2, True)


def test_a_new_workbook_from_a_template(capsys: Capture, tmp_path: Path, budget: Path) -> None:
    """The template's partners stay, and it stays as it is."""
    before = budget.read_bytes()
    path = tmp_path / "new.xlsx"
    assert call(capsys, "new", path, "--template", budget, "--partners", "4").code == 0
    assert read_budget(path).budget.partners[:3] == three_partners().partners
    assert budget.read_bytes() == before


@pytest.mark.parametrize("words", [("--rules", "FP7"), ("--partners", "21"), ("--template", "no")])
def test_a_new_workbook_that_cannot_be(
    capsys: Capture, tmp_path: Path, words: tuple[str, str]
) -> None:
    """A wrong call makes no file."""
    assert call(capsys, "new", tmp_path / "new.xlsx", *words).code == 2
    assert list(tmp_path.iterdir()) == []


def test_an_added_partner_with_numbers_as_people_type_them(capsys: Capture, budget: Path) -> None:
    """German ones here; the lowest free number is taken."""
    words = ["X'Y", "--locale", "de", "--rate", "5.300,50", "--months", "1=12,5"]
    words += ["--funding-rate", "70 %", "--travel", "0", "--subcontract", "1=1.000"]
    words += ["--subcontract-name", "1=Lab", "--country", "FR"]
    ended = call(capsys, "partner", "add", budget, *words, "--json")
    assert (ended.code, ended.document["created"]) == (0, ["P4-X'Y"])
    found = read_budget(budget).budget.partners[3]
    assert (found.number, found.acronym, found.country) == (4, "X'Y", "FR")
    assert (str(found.rate), str(found.funding_rate), found.travel) == ("5300.5", "0.7", 0)
    assert (str(found.person_months[0]), found.equipment) == ("12.5", None)
    assert (found.subcontracts[0].name, found.subcontracts[0].amount) == ("Lab", 1000)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--rate", "1,234"), "1234 (English)"),
        (("--rate", "much"), "is no number"),
        (("--rate", "nan"), "is no number"),
        (("--funding-rate", "70"), "0.7 or 70%"),
        (("--months", "16=1"), "no such place"),
        (("--months", "3"), "1=5000"),
        ((), "nothing to change"),
    ],
)
def test_words_that_are_no_value_are_wrong_calls(
    capsys: Capture, budget: Path, words: tuple[str, ...], text: str
) -> None:
    """The file is as it was."""
    before = budget.read_bytes()
    ended = call(capsys, "partner", "edit", budget, "2", *words)
    assert (ended.code, text in ended.line) == (2, True)
    assert budget.read_bytes() == before


def test_an_edited_partner(capsys: Capture, budget: Path) -> None:
    """An empty value empties; after a dry run the file is as it was."""
    before = budget.read_bytes()
    words = ("partner", "edit", budget, "2", "--travel", "", "--acronym", "ACME")
    tried = call(capsys, *words, "--dry-run")
    assert (tried.code, tried.out.splitlines()[-1]) == (0, "Nothing was saved.")
    assert budget.read_bytes() == before
    done = call(capsys, *words)
    assert done.code == 0
    assert "'P2-ACME'!F28: 12000 -> (empty)" in done.out
    found = read_budget(budget).budget.partners[1]
    assert (found.acronym, found.travel) == ("ACME", None)


def test_a_partner_with_figures_goes_only_when_that_is_said(capsys: Capture, budget: Path) -> None:
    """Without --yes what would be lost is named, and the file is as it was."""
    before = budget.read_bytes()
    refused = call(capsys, "partner", "delete", budget, "3", "--json")
    assert (refused.code, refused.document["error"]["type"]) == (4, "WouldLoseFigures")
    assert "Travel and subsistence 12000" in refused.err
    assert budget.read_bytes() == before
    done = call(capsys, "partner", "delete", budget, "3", "--yes", "--json")
    assert (done.code, done.document["removed"]) == (0, ["P3-Ünï Ko"])
    assert "Travel and subsistence 12000" in done.document["lost"]
    assert len(read_budget(budget).budget.partners) == 2


def test_partners_are_listed(capsys: Capture, budget: Path) -> None:
    """What each costs and asks for."""
    listed = call(capsys, "partner", "list", budget, "--json").document["partners"]
    assert [each["acronym"] for each in listed] == ["Coord", "L'ORE", "Ünï Ko"]
    # 41 PM at 6 000 and 12 000 of travel, a quarter of both, and of L'ORE the subcontract.
    assert [each["total_eligible"] for each in listed] == [322_500, 327_500, 322_500]
    assert "327,500.00" in call(capsys, "partner", "list", budget).out


def test_work_packages(capsys: Capture, budget: Path) -> None:
    """Added, edited, listed, and deleted only when that is said."""
    added = call(capsys, "wp", "add", budget, "3", "--title", "Tools", "--start", "2")
    assert (added.code, "Work package 3 added: Tools." in added.out) == (0, True)
    assert call(capsys, "wp", "edit", budget, "3", "--end", "9", "--lead", "Coord").code == 0
    listed = call(capsys, "wp", "list", budget, "--json").document["work_packages"]
    assert listed[2] == {
        "number": 3,
        "title": "Tools",
        "lead": "Coord",
        "start_month": 2,
        "end_month": 9,
        "person_months": 27,
        "cost": 202_500,
    }
    assert call(capsys, "wp", "delete", budget, "3").code == 4
    assert call(capsys, "wp", "delete", budget, "3", "--yes").code == 0
    assert len(read_budget(budget).budget.work_packages) == 2
    assert call(capsys, "wp", "add", budget, "16").code == 4
    assert call(capsys, "wp", "add", budget, "4", "--start", "soon").code == 2


def test_overviews_are_updated(capsys: Capture, budget: Path) -> None:
    """What was typed over a link is said; up to date, nothing is saved."""
    before = budget.read_bytes()
    assert "Nothing to change." in call(capsys, "overview", "update", budget).out
    assert budget.read_bytes() == before
    assert call(capsys, "set", budget, "Budget Overview!F9=1").code == 0
    changes = call(capsys, "overview", "update", budget, "--json").document["changes"]
    assert changes[0]["cell"] == "'Budget Overview'!F9"
    assert changes[0]["before"] == 1


def test_the_history_lists_every_operation(capsys: Capture, budget: Path) -> None:
    """In the order of time."""
    assert call(capsys, "wp", "add", budget, "3").code == 0
    found = call(capsys, "history", budget, "--json").document["versions"]
    assert [(each["info"], each["summary"]) for each in found] == [
        ("0.1", "First"),
        ("0.2", "Work package 3 added"),
    ]
    assert "Work package 3 added" in call(capsys, "history", budget).out


@pytest.mark.parametrize("group", ["partner", "wp", "overview"])
def test_a_group_without_a_command_shows_its_help(capsys: Capture, group: str) -> None:
    """It names its commands."""
    ended = call(capsys, group)
    assert (ended.code, "Commands:" in ended.out) == (0, True)
