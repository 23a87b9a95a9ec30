"""Seed 000's appendix: the life of a resource as lines of the log."""

from __future__ import annotations

import logging
import re

import pytest

from budgetinator.resources import ResourceManagementService
from tests.seeds.workers import MILLISECONDS, MediaAnalysisController

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


def test_one_event_is_one_line(
    service: ResourceManagementService, caplog: pytest.LogCaptureFixture
) -> None:
    """No line of the life appears twice, and none spans more than one line."""
    caplog.set_level(logging.INFO, LOGGER)

    _lead_a_life(service)

    assert len(set(caplog.messages)) == len(caplog.messages)
    assert all("\n" not in message for message in caplog.messages)
