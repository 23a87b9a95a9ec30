"""Formulas computed by LibreOffice for a workbook in its own process."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from budgetinator.errors import Cancelled, SaveError
from budgetinator.workbooks import ExcelManager
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.recalculation.programs import needs_libreoffice

pytestmark = needs_libreoffice


def test_results_are_computed_and_seen(open_host: OpenHost, book: Path) -> None:
    """Unsaved changes first want to be saved; then the report comes back."""
    host = open_host(book)
    host.set_cells({"B1": 1300})
    with pytest.raises(SaveError, match="save it first"):
        host.recalculate()
    host.save()
    report = host.recalculate()
    assert (report.cells, report.needs_recalculation) == (1, False)
    assert next(host.rows("Budget")).rows == (("Travel", 1300), ("Total", 1300))
    assert not host.changed_on_disk()
    host.set_cells({"B1": 1400})
    host.save()


def test_it_can_be_cancelled(open_host: OpenHost, book: Path) -> None:
    """Within a tenth of a second; the file is as it was, and the host goes on."""
    host = open_host(book)
    before = book.read_bytes()
    is_cancelled = threading.Event()
    ended: list[float] = []

    def recalculate() -> None:
        with pytest.raises(Cancelled):
            host.recalculate(cancelled=is_cancelled.is_set)
        ended.append(time.monotonic())

    thread = threading.Thread(target=recalculate)
    thread.start()
    time.sleep(0.3)  # LibreOffice is starting
    began = time.monotonic()
    is_cancelled.set()
    thread.join(10)
    assert ended[0] - began < 0.1
    assert host.set_cells({"B1": 7}) == {"B1": 1200}
    assert book.read_bytes() == before
    assert host.save().how == "patched"
    assert host.inspect(children_of_the_process) == []


def children_of_the_process(_manager: ExcelManager) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process().children()]
