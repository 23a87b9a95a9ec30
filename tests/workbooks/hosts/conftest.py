"""Services, workbooks and hosts for the tests of workbooks in their own processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import WorkbookHost
from tests.workbooks.builders import make_workbook

OpenHost = Callable[[Path], WorkbookHost]


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService()
    yield service
    service.close()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A sheet "Budget": Travel 1200, and a total that adds it up."""
    return make_workbook(tmp_path / "budget.xlsx")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A sheet "Data" of 3,000 rows: a number, its square, a text."""
    rows = [(number, number * number, f"row {number}") for number in range(1, 3001)]
    return make_workbook(tmp_path / "large.xlsx", {"Data": rows, "Other": [("here",)]})


@pytest.fixture
def open_host(service: ResourceManagementService) -> Iterator[OpenHost]:
    """Opens hosts and closes them at the end, whatever state they are in."""
    hosts: list[WorkbookHost] = []

    def open_one(path: Path) -> WorkbookHost:
        hosts.append(WorkbookHost.open(path, service=service))
        return hosts[-1]

    yield open_one
    for host in hosts:
        host.force_close()
