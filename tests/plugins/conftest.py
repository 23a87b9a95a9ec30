"""A folder for plugins, a service, and a manager that looks into that folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.plugins import PluginManager
from budgetinator.resources import ResourceManagementService


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the user's own."""
    path = tmp_path / "plugins"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService()
    yield service
    service.close()


@pytest.fixture
def manager(
    folder: Path, state: Path, service: ResourceManagementService
) -> Iterator[PluginManager]:
    manager = PluginManager(
        service, state_dir=state, folders=[folder], deadline=20.0, entry_points=False
    )
    yield manager
    manager.close()
