from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from budgetinator.errors import UnknownResource
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelResourceTracker


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def tracker(
    service: ResourceManagementService, clock: list[float]
) -> Iterator[ExcelResourceTracker]:
    tracker = ExcelResourceTracker(service, clock=lambda: clock[0])
    yield tracker
    tracker.close()


class Closing:
    """Something that notes whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_workbook_is_tracked_with_its_size(
    tracker: ExcelResourceTracker, service: ResourceManagementService, budget: Path
) -> None:
    """It is a WORKBOOK of the service until it is untracked, and stays the program's own."""
    workbook = openpyxl.load_workbook(budget)
    tracker.track_workbook(budget, workbook)
    assert service.get_resource_count() == {"workbook": 1}
    assert sum(service.get_memory_usage().values()) == budget.stat().st_size
    assert tracker.get_stats()["tracked_paths"] == [str(budget)]
    assert tracker.untrack_workbook(budget)
    assert not tracker.untrack_workbook(budget)
    assert workbook.sheetnames == ["Plan", "Notes"]
    assert service.get_resource_count() == {}


def test_untracking_does_not_close_and_the_end_does(
    tracker: ExcelResourceTracker, budget: Path
) -> None:
    """What is still tracked when the tracker is closed is closed with it."""
    kept, left = Closing(), Closing()
    tracker.track_workbook(budget, kept)
    tracker.untrack_workbook(budget)
    tracker.track_workbook(budget, left)
    tracker.close()
    assert (kept.closed, left.closed) == (False, True)


def test_a_second_workbook_replaces_the_first(tracker: ExcelResourceTracker, budget: Path) -> None:
    """One path has one workbook; the replaced one is not closed."""
    first, second = Closing(), Closing()
    tracker.track_workbook(budget, first)
    tracker.track_workbook(budget, second)
    assert tracker.get_stats()["workbooks"] == 1
    tracker.close()
    assert (first.closed, second.closed) == (False, True)


def test_what_is_collected_is_forgotten(tracker: ExcelResourceTracker, budget: Path) -> None:
    """The tracker keeps no workbook alive."""
    tracker.track_workbook(budget, Closing())
    gc.collect()
    assert tracker.get_stats()["workbooks"] == 0
    assert tracker.get_memory_analysis()["by_path"] == {}


def test_files_are_tracked_with_or_without_an_object(
    tracker: ExcelResourceTracker, folder: Path, budget: Path
) -> None:
    """A file object is closed at the end if it is still tracked, a path is only counted."""
    with open(budget, "rb") as file:
        tracker.track_file(budget, file)
        tracker.track_file(folder / "other.csv")
        assert tracker.get_stats()["files"] == 2
        assert tracker.untrack_file(folder / "other.csv")
        tracker.close()
        assert file.closed
    assert budget.exists()


def test_temporary_files_are_deleted(tracker: ExcelResourceTracker, folder: Path) -> None:
    """Those that were given are, one that is gone is no error, and nothing else is touched."""
    given, gone, kept, other = (folder / name for name in ("given", "gone", "kept", "other"))
    for path in (given, kept, other):
        path.write_text("x")
    for path in (given, gone, kept):
        tracker.track_temp_file(path)
    tracker.track_file(other)
    assert tracker.get_stats()["temp_files"] == 3
    assert tracker.untrack_temp_file(kept)
    assert tracker.cleanup_temp_files() == 1
    assert sorted(os.listdir(folder)) == ["kept", "other"]
    assert tracker.cleanup_temp_files() == 0


def test_a_link_is_deleted_and_not_what_it_leads_to(
    tracker: ExcelResourceTracker, folder: Path, budget: Path
) -> None:
    """A temporary name that is a link goes; the file behind it stays."""
    link = folder / "link.tmp"
    link.symlink_to(budget)
    tracker.track_temp_file(link)
    assert tracker.cleanup_temp_files() == 1
    assert os.listdir(folder) == ["budget.xlsx"]


def test_a_folder_is_never_deleted(
    tracker: ExcelResourceTracker, folder: Path, expect_log: object
) -> None:
    """What cannot be deleted is told, stays tracked, and does not keep the others from it."""
    expect_log("could not be closed")  # type: ignore[operator]
    (folder / "a").mkdir()
    (folder / "b").write_text("x")
    tracker.track_temp_file(folder / "b")
    tracker.track_temp_file(folder / "a")
    with pytest.raises(ExceptionGroup) as caught:
        tracker.cleanup_temp_files()
    assert len(caught.value.exceptions) == 1
    assert os.listdir(folder) == ["a"]
    assert tracker.get_stats()["temp_files"] == 1
    assert tracker.untrack_temp_file(folder / "a")


def test_the_end_of_the_process_deletes_them(folder: Path) -> None:
    """A program that just ends leaves no temporary file."""
    path = folder / "scratch.tmp"
    code = (
        "from pathlib import Path\n"
        "from budgetinator.resources import ResourceManagementService\n"
        "from budgetinator.workbooks import ExcelResourceTracker\n"
        "tracker = ExcelResourceTracker(ResourceManagementService())\n"
        f"path = Path({str(path)!r})\n"
        "path.write_text('plain figures')\n"
        "tracker.track_temp_file(path)\n"
        "print(path.exists())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), os.listdir(folder)) == ("True", [])


def test_a_streaming_operation_tells_how_far_it_is(
    tracker: ExcelResourceTracker, clock: list[float], service: ResourceManagementService
) -> None:
    """Fraction and rate come from what is done and the time; an ended one is unknown."""
    operation = tracker.start_streaming_operation("import", 200)
    assert service.get_statistics()["active_resources"] == 1
    clock[0] += 5
    progress = tracker.update_streaming_progress(operation, 50)
    assert (progress["fraction"], progress["per_second"]) == (0.25, 10.0)
    clock[0] += 5
    assert tracker.update_streaming_progress(operation, 100, total=400)["fraction"] == 0.25
    ended = tracker.finish_streaming_operation(operation)
    assert (ended["finished"], ended["elapsed_seconds"], ended["done"]) == (True, 10.0, 100)
    with pytest.raises(UnknownResource):
        tracker.update_streaming_progress(operation, 101)
    stats = tracker.get_stats()
    assert (stats["streaming_operations"], stats["finished_operations"]) == (0, 1)
    assert service.get_statistics()["active_resources"] == 0


def test_the_analysis_adds_up(tracker: ExcelResourceTracker, folder: Path, budget: Path) -> None:
    """Tracked bytes by kind and by path have the same sum, beside the process's."""
    workbook, scratch = Closing(), folder / "scratch"
    scratch.write_bytes(b"x" * 1000)
    tracker.track_workbook(budget, workbook, size_bytes=3 * 1024**2)
    tracker.track_temp_file(scratch)
    analysis = tracker.get_memory_analysis()
    assert analysis["by_kind"] == {"workbook": 3.0, "temp": 1000 / 1024**2}
    assert sum(analysis["by_path"].values()) == analysis["tracked_memory_mb"]
    assert analysis["process_memory_mb"] > 1
