"""Seed 000's appendix: the life of a resource as lines of the log."""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

import pytest

from budgetinator.controllers import OpenController, WorkerController
from budgetinator.resources import ResourceManagementService
from tests.seeds.workers import MILLISECONDS, MediaAnalysisController
from tests.support.logs import ExpectLog

LOGGER = "budgetinator.resources"
LIFE = (
    r"Registered component: MediaAnalysisController_\d+",
    r"Tracked resource \S+",
    r"Tracking worker analysis_\d{6}",
    r"Worker analysis_\d{6} finished after \d+\.\d\ds",
    r"Released resource \S+",
    r"Component cleanup complete: MediaAnalysisController_\d+",
)


def _lead_a_life(service: ResourceManagementService) -> None:
    controller = MediaAnalysisController()
    worker = controller.start_analysis_workflow([]).value
    worker.start()
    worker.cancel()
    worker.wait(MILLISECONDS)
    service.cleanup_component(controller)


def _in_order(messages: list[str], patterns: tuple[str, ...]) -> list[str]:
    """The first message for each pattern, each after the one before."""
    rest = iter(messages)
    return [
        next((text for text in rest if re.match(pattern, text)), f"no {pattern}")
        for pattern in patterns
    ]


def test_the_terminal_shows_the_printed_lines_in_order(
    service: ResourceManagementService, caplog: pytest.LogCaptureFixture
) -> None:
    """Registered, tracked, tracking worker, finished after, released, cleanup complete."""
    caplog.set_level(logging.DEBUG, LOGGER)
    service.tick()  # the level is looked at with each tick

    _lead_a_life(service)

    lines = _in_order(caplog.messages, LIFE)
    assert [bool(re.match(p, line)) for p, line in zip(LIFE, lines, strict=True)] == [True] * 6
    tracked, released = lines[1].split()[2], lines[4].split()[2]
    assert tracked == released


def test_the_good_signs_are_logged_at_info(
    service: ResourceManagementService, caplog: pytest.LogCaptureFixture
) -> None:
    """Seed 001's "Good signs" need no debug level, and name type, worker and component."""
    caplog.set_level(logging.INFO, LOGGER)

    _lead_a_life(service)

    good = (
        r"Registered component: MediaAnalysisController_\d+ \(type: controller\)",
        r"Tracking worker analysis_\d{6}",
        r"Worker analysis_\d{6} finished after \d+\.\d+s",
        r"Released resource \S+ for MediaAnalysisController_\d+",
    )
    lines = _in_order(caplog.messages, good)
    assert [bool(re.match(p, line)) for p, line in zip(good, lines, strict=True)] == [True] * 4


def test_a_controller_of_ours_leads_the_same_life(
    service: ResourceManagementService, caplog: pytest.LogCaptureFixture, folder: Path
) -> None:
    """A workbook opened, shown and closed: each event of the opening one line, and no other."""
    caplog.set_level(logging.INFO, LOGGER)
    controller = OpenController()
    worker = controller.start_open(folder / "file.xlsx").value
    worker.start()
    worker.wait(MILLISECONDS)
    controller.cleanup()

    patterns = (
        r"Registered component: OpenController_\d+ \(type: controller\)",
        r"Tracking worker opening_\d{6}",
        r"Registered component: WorkbookHost_\d+ .*",
        r"Worker opening_\d{6} finished after \d+\.\d\ds",
        r"Released resource \S+ for OpenController_\d+",
        r"Cleaning up component: OpenController_\d+",
        r"Component cleanup complete: OpenController_\d+",
    )
    ours = [
        m for m in caplog.messages if "Cleaning up component: W" not in m and "lete: W" not in m
    ]
    assert [bool(re.fullmatch(p, m)) for p, m in zip(patterns, ours, strict=True)] == [True] * 7


def test_a_stuck_worker_is_one_line_of_the_log(
    service: ResourceManagementService,
    caplog: pytest.LogCaptureFixture,
    expect_log: ExpectLog,
) -> None:
    """A bad sign: the worker, its controller and the line that made it, once."""
    expect_log("still runs")
    let_end = threading.Event()
    controller = WorkerController(deadline=0.01)
    worker = controller.start_worker(lambda progress: let_end.wait(10), "deaf").value
    worker.start()

    with pytest.raises(ExceptionGroup):
        controller.cleanup()
    let_end.set()
    worker.wait(MILLISECONDS)

    (line,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert re.match(r"Worker deaf_\d{6} of WorkerController_\d+ still runs 0.01 s", line)
    assert "test_seed_000_log.py" in line
    assert service.get_statistics()["active_resources"] == 0


def test_one_event_is_one_line(
    service: ResourceManagementService, caplog: pytest.LogCaptureFixture
) -> None:
    """No line of the life appears twice, and none spans more than one line."""
    caplog.set_level(logging.INFO, LOGGER)

    _lead_a_life(service)

    assert len(set(caplog.messages)) == len(caplog.messages)
    assert all("\n" not in message for message in caplog.messages)
