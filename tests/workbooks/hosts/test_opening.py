"""A workbook opened in a process of its own, with and without a spare, and let go."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

import budgetinator
from budgetinator.errors import (
    LimitExceeded,
    NotAWorkbook,
    UnsavedChangesWarning,
    WorkbookClosed,
    WorkbookEncrypted,
    WorkbookNotFound,
    WorkbookRefused,
)
from budgetinator.resources import Journal, ResourceManagementService
from budgetinator.runtime import close_default_runtime, default_runtime
from budgetinator.workbooks import HostSpare, SheetInfo, Surroundings, WorkbookHost
from tests.support.logs import ExpectLog
from tests.support.probes import children
from tests.workbooks.builders import make_workbook
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.hosts.waiting import until


def test_the_workbook_is_in_another_process(open_host: OpenHost, book: Path) -> None:
    """The process is a child of this one, and runs until the host is closed."""
    host = open_host(book)
    assert psutil.Process(host.pid).ppid() == os.getpid()
    host.close()
    assert not psutil.pid_exists(host.pid)


def test_the_sheets_are_told_with_their_states_and_declared_sizes(
    open_host: OpenHost, tmp_path: Path
) -> None:
    """What a window shows before it has read anything."""
    path = make_workbook(tmp_path / "two.xlsx", {"A": [(1, 2, 3)] * 7, "B": []})
    host = open_host(path)
    assert host.sheets == (SheetInfo("A", "visible", 7, 3), SheetInfo("B", "visible", 1, 1))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, WorkbookNotFound),
        (b"a,b\n1,2\n", NotAWorkbook),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, (NotAWorkbook, WorkbookEncrypted)),
        (b"PK\x03\x04", (NotAWorkbook, WorkbookRefused, ValueError)),
    ],
)
def test_what_cannot_be_opened_raises_the_library_s_own_error(
    service: ResourceManagementService,
    tmp_path: Path,
    content: bytes | None,
    error: type[Exception] | tuple[type[Exception], ...],
) -> None:
    """It crosses the process border with its path, and leaves no process and nothing tracked."""
    path = tmp_path / "odd.xlsx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        WorkbookHost.open(path, service=service)
    assert caught.value.path == str(path)  # type: ignore[attr-defined]
    assert service.snapshot().active_resources == 0
    assert children() == {}


def test_a_spare_is_taken_and_replaced(service: ResourceManagementService, book: Path) -> None:
    """The process that was made ahead gets the workbook, and the next one is made."""
    with HostSpare(service) as spare:
        ahead = spare.pid
        with WorkbookHost.open(book, spare=spare, service=service) as host:
            assert host.pid == ahead
            assert spare.is_warm
            assert spare.pid != ahead
    assert not spare.is_warm
    assert children() == {}


def test_a_spare_that_was_killed_is_no_hindrance(
    service: ResourceManagementService, book: Path
) -> None:
    """Another process is started in its place."""
    with HostSpare(service) as spare:
        assert spare.pid is not None
        os.kill(spare.pid, signal.SIGKILL)
        until(lambda: not spare.is_warm)
        with WorkbookHost.open(book, spare=spare, service=service) as host:
            assert host.contents(["A1"]) == {"A1": "Travel"}


def test_a_spare_is_a_tracked_resource(service: ResourceManagementService) -> None:
    """It is seen in the monitor, and ends with the service."""
    spare = HostSpare(service)
    spare.warm()
    pid = spare.pid
    (resource,) = service.snapshot().resources()
    assert resource.name == "spare workbook process"
    service.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)


def test_a_host_is_a_tracked_resource(
    open_host: OpenHost, service: ResourceManagementService, book: Path
) -> None:
    """Its owner is the host, its size is what the process has for itself."""
    host = open_host(book)
    (resource,) = service.snapshot().resources()
    assert (resource.name, resource.resource_type.name) == (str(book), "WORKBOOK")
    assert resource.component_id.startswith("WorkbookHost_")
    assert resource.size_bytes is not None
    assert resource.size_bytes > 1_000_000
    assert abs(resource.size_bytes - host.memory()) < 2_000_000
    host.close()
    assert service.snapshot().active_resources == 0


def test_the_service_ends_a_host(service: ResourceManagementService, book: Path) -> None:
    """Closing the service closes what it tracks."""
    host = WorkbookHost.open(book, service=service)
    service.close()
    assert not host.is_open
    with pytest.raises(WorkbookClosed):
        host.contents(["A1"])
    host.close()


def test_a_forgotten_host_is_ended_with_a_complaint(
    service: ResourceManagementService, book: Path, expect_log: ExpectLog
) -> None:
    """The service holds the process, not the host."""
    expect_log("was collected while it held 1 resources")
    host = WorkbookHost.open(book, service=service)
    pid = host.pid
    with pytest.warns(ResourceWarning, match="never closed"):
        del host
    service.tick()
    until(lambda: not psutil.pid_exists(pid))


def test_a_host_that_would_be_too_much_is_refused(
    service: ResourceManagementService, book: Path
) -> None:
    """Where the service refuses more memory; the process that was begun is gone."""
    service.set_global_memory_limit(1000, policy="refuse")
    with pytest.raises(LimitExceeded):
        WorkbookHost.open(book, service=service)
    assert children() == {}


def test_the_default_runtime_has_a_spare(book: Path) -> None:
    """Made at first use, and ended with the runtime."""
    runtime = default_runtime()
    runtime.host_spare.warm()
    with WorkbookHost.open(book, spare=runtime.host_spare) as host:
        assert host.contents(["B1"]) == {"B1": 1200}
    close_default_runtime()
    assert children() == {}


def test_a_host_can_be_handed_to_another_component(
    service: ResourceManagementService, book: Path
) -> None:
    """Whose end is then the end of the process."""

    class Owner:
        pass

    owner = Owner()
    service.register_component(owner, "owner_1")
    host = WorkbookHost.open(book, service=service)
    service.migrate_resource(host.resource_id, owner)
    service.cleanup_component(owner)
    assert not psutil.pid_exists(host.pid)
    host.close()


def test_logs_of_the_process_are_heard_here(
    open_host: OpenHost, book: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By the loggers of the same names, from the level on that this program wants."""
    caplog.set_level("INFO", "budgetinator")
    open_host(book).inspect(say_something)
    assert ("budgetinator.workbooks", logging.INFO, "something 7") in caplog.record_tuples


def say_something(_manager: object) -> None:
    logging.getLogger("budgetinator.workbooks").info("something %d", 7)


def test_the_journal_shows_the_process(
    service: ResourceManagementService, book: Path, tmp_path: Path
) -> None:
    """Other programs see which process has the workbook open."""
    journal = Journal(tmp_path / "state")
    surroundings = Surroundings(service, journal=journal, lock_dir=tmp_path / "locks")
    with WorkbookHost.open(book, service=surroundings) as host:
        (entry,) = journal.entries()
        assert (entry.path, entry.pid) == (book, host.pid)
    assert journal.entries() == ()
    journal.close()


def test_closing_drops_unsaved_changes_with_a_warning(open_host: OpenHost, book: Path) -> None:
    """As ExcelManager does; the second call says nothing."""
    host = open_host(book)
    host.set_cells({"B1": 7})
    with pytest.warns(UnsavedChangesWarning, match=r"budget\.xlsx was closed with changes"):
        host.close()
    host.close()


def test_after_an_exception_nobody_is_warned(
    service: ResourceManagementService, book: Path
) -> None:
    """The exception is the news; the process is gone all the same."""
    host = WorkbookHost.open(book, service=service)
    host.set_cells({"B1": 7})
    with pytest.raises(ZeroDivisionError), host:
        _ = 1 / 0
    assert not psutil.pid_exists(host.pid)


def test_a_script_without_a_guard_and_with_a_utils_of_its_own(tmp_path: Path, book: Path) -> None:
    """Nothing of it is run a second time; nothing beside it or on PYTHONPATH hides a library."""
    other = tmp_path / "other"
    other.mkdir()
    for folder in (tmp_path, other):
        for name in ("utils", "openpyxl", "filelock"):
            (folder / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""\
            import sys
            from budgetinator import WorkbookHost
            print("running")
            host = WorkbookHost.open({str(book)!r})
            host.set_cells({{"B1": 1300}})
            print(host.contents(["B1"]), host.save().how)
            host.close()
            loaded = {{"openpyxl", "multiprocessing", "numpy"}} & set(sys.modules)
            print(sorted(loaded))
            """
        )
    )
    root = Path(budgetinator.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(other), str(root)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["running", "{'B1': 1300} patched", "[]"]


def test_what_the_process_prints_disturbs_nobody(
    open_host: OpenHost, book: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither this program's output nor the messages between the two."""
    host = open_host(book)
    assert host.apply(print_much) == "done"
    host.close()
    assert capfd.readouterr() == ("", "")


def print_much(_manager: object) -> str:
    os.write(1, b"out\n" * 50_000)
    os.write(2, b"err\n" * 50_000)
    sys.stdout.write("more")
    return "done"
