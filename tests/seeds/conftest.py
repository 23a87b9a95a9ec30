"""A registered service, and a folder with the workbooks that the examples name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.resources import (
    IResourceManagementService,
    ResourceManagementService,
    register_service,
)
from tests.workbooks.builders import make_workbook

NAMED_IN_THE_EXAMPLES = ("file", "file1", "file2", "file3", "large_file", "test")


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    """The service that coordinators find where none is given to them."""
    service = ResourceManagementService()
    unregister = register_service(
        IResourceManagementService,  # type: ignore[type-abstract]
        service,
    )
    yield service
    unregister()
    service.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with each workbook that seed 004 opens by its bare name."""
    for name in NAMED_IN_THE_EXAMPLES:
        make_workbook(tmp_path / f"{name}.xlsx")
    monkeypatch.chdir(tmp_path)
    return tmp_path
