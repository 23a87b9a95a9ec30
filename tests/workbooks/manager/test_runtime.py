from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from budgetinator.config import ResourceOptions, Settings
from budgetinator.resources import resolve_runtime
from budgetinator.resources.journal import Journal
from budgetinator.runtime import close_default_runtime, make_runtime
from budgetinator.workbooks import ExcelManager, excel_context
from budgetinator.workbooks.surroundings import Surroundings, surroundings_of


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "state") as journal:
        yield journal


@pytest.fixture
def recorded(surroundings: Surroundings, journal: Journal) -> Surroundings:
    return Surroundings(surroundings.service, journal=journal, lock_dir=surroundings.lock_dir)


@pytest.mark.parametrize(
    ("options", "mode"),
    [({}, "edit"), ({"read_only": True}, "read"), ({"data_only": True}, "values")],
)
def test_an_open_workbook_stands_in_the_journal(
    recorded: Surroundings, journal: Journal, budget: Path, options: dict[str, bool], mode: str
) -> None:
    """Path, mode and component are recorded from the opening to the closing."""
    with ExcelManager(budget, service=recorded, **options) as manager:
        assert journal.entries() == ()
        _ = manager.workbook
        (entry,) = journal.entries()
        assert (entry.path, entry.mode, entry.alive) == (budget, mode, True)
        assert (entry.component_id or "").startswith("ExcelManager_")
    assert journal.entries() == ()


def test_cells_that_are_set_stand_there_too(
    recorded: Surroundings, journal: Journal, budget: Path
) -> None:
    """One row, whether the workbook is loaded later or not, and none after the end."""
    with ExcelManager(budget, service=recorded) as manager:
        manager.set_cells({"Plan!B2": 7})
        assert len(journal.entries()) == 1
        _ = manager.workbook
        assert len(journal.entries()) == 1
        manager.save()
        assert len(journal.entries()) == 1
    assert journal.entries() == ()


def test_without_a_service_it_is_the_default_runtimes(
    budget: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scripts share one runtime: its service, its settings and its folder of locks."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    try:
        with excel_context(budget, save=True) as workbook:
            workbook["Plan"]["B2"] = 7
            assert resolve_runtime().service.get_resource_count() == {"workbook": 1}
            assert surroundings_of(None) is resolve_runtime().surroundings
        assert resolve_runtime().service.get_statistics()["active_resources"] == 0
    finally:
        close_default_runtime()
    assert openpyxl.load_workbook(budget)["Plan"]["B2"].value == 7


def test_a_runtimes_settings_bound_the_opening(budget: Path, tmp_path: Path) -> None:
    """A runtime of one's own brings its own service and ends with everything closed."""
    settings = Settings(resources=ResourceOptions(journal=False, state_dir=str(tmp_path / "state")))
    with make_runtime(settings) as runtime:
        manager = ExcelManager(budget, service=runtime.surroundings)
        assert manager.active_sheet.title == "Plan"
        lease = runtime.resource_manager.get_manager(budget)
        assert lease.active_sheet.title == "Plan"
        assert runtime.service.get_resource_count() == {"workbook": 2}
    assert not manager.is_open
    assert manager.is_closed
