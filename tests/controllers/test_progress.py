"""Progress: what a task says is clamped, not repeated, and dropped when nobody waits."""

from __future__ import annotations

import pytest

from budgetinator.controllers import Progress
from budgetinator.errors import Cancelled


class Said:
    def __init__(self) -> None:
        self.reports: list[tuple[int, str]] = []
        self.parts: list[object] = []
        self.progress = Progress(lambda *said: self.reports.append(said), self.parts.append)


def test_percent_stays_between_0_and_100_and_is_a_whole_number() -> None:
    """Whatever a task computes, a bar can show it."""
    said = Said()

    for percent in (-5, 12.7, 250):
        said.progress.report(percent, "x")  # type: ignore[arg-type]

    assert said.reports == [(0, "x"), (12, "x"), (100, "x")]


def test_what_was_said_last_is_not_said_again() -> None:
    """A loop over a million rows tells of a hundred steps."""
    said = Said()

    for number in range(1000):
        said.progress.report(number // 500, "rows")

    assert said.reports == [(0, "rows"), (1, "rows")]


def test_after_a_cancel_nothing_is_said() -> None:
    """Reports and parts are dropped; `check` raises, and `wait` does not wait."""
    said = Said()

    said.progress.cancel()
    said.progress.report(50, "late")
    said.progress.partial("late")

    assert (said.reports, said.parts) == ([], [])
    assert said.progress.cancelled
    assert said.progress.wait(60) is True
    with pytest.raises(Cancelled):
        said.progress.check()


def test_what_is_to_be_called_at_a_cancel_is_called_once() -> None:
    """In the thread that cancels; what came too late is called at once; the undo takes it away."""
    called: list[str] = []
    progress = Said().progress

    progress.on_cancel(lambda: called.append("first"))
    undo = progress.on_cancel(lambda: called.append("undone"))
    undo()
    undo()
    progress.cancel()
    progress.cancel()
    progress.on_cancel(lambda: called.append("late"))

    assert called == ["first", "late"]
