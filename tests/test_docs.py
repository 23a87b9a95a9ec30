"""The documents name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DECISIONS = REPOSITORY / "docs/decisions"
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])


def test_every_decision_is_in_the_index_by_its_title() -> None:
    """docs/decisions/README.md lists each page, under the title that it has."""
    index = re.findall(r"^- \[(.+)\]\((.+)\)$", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    titles = [(page.read_text().splitlines()[0].removeprefix("# "), page.name) for page in pages]
    assert index == titles


def test_each_decision_has_its_own_number() -> None:
    """A number names one decision."""
    numbers = [page.name[:4] for page in DECISIONS.glob("[0-9]*.md")]
    assert sorted(numbers) == sorted(set(numbers))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    """No document links or shows a file that is not there."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_part_of_the_library_stands_in_the_architecture() -> None:
    """ARCHITECTURE.md has a row for each module and package of the library."""
    text = (REPOSITORY / "ARCHITECTURE.md").read_text()
    parts = [
        path.name + ("/" if path.is_dir() else "")
        for path in (REPOSITORY / "budgetinator").glob("[a-z]*")
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    assert [part for part in parts if f"`budgetinator/{part}`" not in text] == []
