"""A folder with a budget in it, and surroundings that hold nothing at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.manager.making import make_budget

Manage = Callable[..., ExcelManager]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's folder; everything else of a test lies elsewhere."""
    folder = tmp_path / "budgets"
    folder.mkdir()
    return folder


@pytest.fixture
def budget(folder: Path) -> Path:
    """Two sheets: `Plan` with A1:C3 and a formula in C3, `Notes` with a text."""
    return make_budget(folder / "budget.xlsx")


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService()
    yield service
    held = service.get_statistics()["active_resources"]
    service.close()
    assert held == 0


@pytest.fixture
def surroundings(service: ResourceManagementService, tmp_path: Path) -> Surroundings:
    return Surroundings(service, lock_dir=tmp_path / "locks")


@pytest.fixture
def manage(surroundings: Surroundings) -> Iterator[Manage]:
    """Makes managers that are closed at the end."""
    made: list[ExcelManager] = []

    def manage(path: str | os.PathLike[str], **options: bool) -> ExcelManager:
        made.append(ExcelManager(path, service=surroundings, **options))
        return made[-1]

    yield manage
    for manager in made:
        manager.force_close()
