"""What is asked of one workbook by several controllers comes in the order of the asking."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from openpyxl import load_workbook

from budgetinator.controllers import EditController, SaveController
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import WorkbookHost
from tests.controllers import tasks
from tests.controllers.tasks import MILLISECONDS, Heard, ran
from tests.workbooks.builders import make_workbook

Service = ResourceManagementService


@pytest.fixture
def host(tmp_path: Path, service: Service) -> Iterator[WorkbookHost]:
    host = WorkbookHost.open(make_workbook(tmp_path / "budget.xlsx"), service=service)
    yield host
    host.force_close()


def test_a_save_holds_every_edit_that_was_started_before(host: WorkbookHost) -> None:
    """Also those that still wait for their turn, in another controller."""
    edits, saves = EditController(), SaveController()
    workers = [edits.start_edit(host, {f"Budget!C{n}": n}).value for n in range(1, 21)]
    for worker in workers:
        worker.start()
    saved = ran(saves.start_save(host).value).result
    for worker in workers:
        worker.wait(MILLISECONDS)
    edits.cleanup()
    saves.cleanup()

    assert saved.value.how == "patched"
    assert not host.is_modified
    sheet = load_workbook(host.path)["Budget"]
    assert [sheet[f"C{n}"].value for n in range(1, 21)] == list(range(1, 21))


def test_a_save_does_not_wait_for_an_edit_that_nobody_starts(host: WorkbookHost) -> None:
    """Nor does an edit that was cancelled before its start stay in the line."""
    edits, saves = EditController(), SaveController()
    unstarted = edits.start_edit(host, {"Budget!C1": 1}).value
    for number in range(10):
        cancelled = edits.start_edit(host, {"Budget!C2": number}).value
        cancelled.cancel()
        ran(cancelled)
        del cancelled
    worker = saves.start_save(host).value
    heard = Heard(worker)
    worker.start()

    assert worker.wait(MILLISECONDS)
    assert heard.result.value.how == "unchanged"
    unstarted.cancel()
    edits.cleanup()
    saves.cleanup()


def test_turns_of_workers_that_are_gone_are_forgotten(host: WorkbookHost) -> None:
    """Those that were cancelled before they began hold neither their cells nor the line."""
    from budgetinator.controllers.turns import line_of

    edits = EditController()
    for number in range(10):
        worker = edits.start_edit(host, {"Budget!C2": number}).value
        worker.cancel()
        ran(worker)
    del worker
    ran(edits.start_edit(host, {"Budget!C2": 11}).value)
    edits.cleanup()

    assert len(line_of(host)._turns) <= 2


def test_a_child_ends_with_its_parent_also_if_a_fork_holds_the_pipe(tmp_path: Path) -> None:
    """As one that a pool of processes has made."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import json, os, time\n"
        "from budgetinator.controllers import ProcessTask\n"
        "from tests.controllers import tasks\n"
        "def tell(pid):\n"
        "    forked = os.fork()\n"
        "    if forked == 0:\n"
        "        time.sleep(60)\n"
        "    print(json.dumps([pid, forked]), flush=True)\n"
        "worker = ProcessTask(tasks.deaf)\n"
        "worker.partial_ready.connect(tell)\n"
        "if __name__ == '__main__':\n"
        "    worker.start()\n"
        "    time.sleep(60)\n"
    )
    root = str(tasks.__file__).rsplit("/tests/", 1)[0]
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert parent.stdout is not None
    pid, forked = json.loads(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        end = time.monotonic() + 10
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < end, "it outlives its parent"
            time.sleep(0.01)
    finally:
        os.kill(forked, signal.SIGKILL)
