"""A test called again and again, each time with fresh fixtures of its own.

One call is what pytest does for a test: set up its function-scoped fixtures, run it,
tear them down. The fixtures of wider scopes stay as they are, because a leak into
them is a leak. Chosen: the session's own setup state, without the hooks around
it; they would report, time and record each call. Rejected: the fixtures of the first call
for all calls, which is quicker, but then a list that a fixture made and the test fills
is a false alarm.

What pytest itself keeps of each call is taken back: finalizers that a fixture leaves
with the wider ones it uses, the stash of the test, captured output, log records,
warnings, and folders of tmp_path.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import MonitorError

__all__ = ["Repetition"]


class Repetition:
    """Calls a test that has just passed and is still set up.

    Begin with `quiet`; what the first teardown raises is the test's own error and
    comes out there. Leaves the test torn down.
    """

    def __init__(self, item: pytest.Item) -> None:
        self.refusal: MonitorError | None = None
        """What was raised because the test passed once, and raises when it is called again."""
        self._item = item
        self._state: Any = item.session._setupstate  # noqa: SLF001 - there is no public way
        self._stash: dict[Any, Any] = getattr(item.stash, "_storage", {})
        self._stashed = dict(self._stash)
        self._capture = item.config.pluginmanager.getplugin("capturemanager")
        self._warnings: list[warnings.WarningMessage] = []
        self._logs: list[Any] = []
        self._finalizers: dict[int, int] = {}

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Tear down the first call, and let nothing that others print, log or warn of pile up."""
        root = logging.getLogger()
        ours = [each for each in root.handlers if type(each).__module__ == "_pytest.logging"]
        self._logs = [each for each in ours if hasattr(each, "clear")]
        live = [each for each in ours if each not in self._logs]
        self._keep_first_output()
        for handler in live:
            root.removeHandler(handler)
        try:
            with warnings.catch_warnings(record=True) as self._warnings:
                self._tear_down()
                yield
        finally:
            for handler in live:
                root.addHandler(handler)

    def __call__(self) -> None:
        """One call: MonitorError (`refusal`) if it raises, and its teardown's error as it is."""
        __tracebackhide__ = True
        try:
            self._state.setup(self._item)
            self._item.runtest()
            self._raise_collected()
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        # The test is foreign code, and skipping is a BaseException.
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
            self._tear_down()
            self.refusal = MonitorError(f"called again, it raises {type(error).__name__}: {error}")
            raise self.refusal from error
        folder, fixtures = self._temporary_folder(), self._active_fixtures()
        self._tear_down()
        self._forget_finalizers(fixtures)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _tear_down(self) -> None:
        """Tear down the test and nothing wider, and forget what pytest noted of the call."""
        item: Any = self._item
        try:
            self._state.teardown_exact(item.parent)
        finally:
            if isinstance(item.parent, pytest.Class) and "_instance" in vars(item):
                del item._instance  # noqa: SLF001 - each call has an instance of its own
                item._obj = None  # noqa: SLF001
            if hasattr(item, "_initrequest"):
                item._initrequest()  # noqa: SLF001 - lets go of the values of this call's fixtures
            self._stash.clear()
            self._stash.update(self._stashed)
            self._warnings.clear()
            for handler in self._logs:
                handler.clear()
            if self._capture is not None and self._capture.is_globally_capturing():
                self._capture.read_global_capture()

    def _keep_first_output(self) -> None:
        """Put what the first call printed and logged where pytest would have put it later."""
        if self._capture is not None and self._capture.is_globally_capturing():
            out, err = self._capture.read_global_capture()
            self._item.add_report_section("call", "stdout", out)
            self._item.add_report_section("call", "stderr", err)
        if self._logs:
            log = self._logs[-1].stream.getvalue().strip()
            self._item.add_report_section("call", "log", log)

    def _forget_finalizers(self, fixtures: list[Any]) -> None:
        """Leave with the fixtures that outlive the test no more finalizers than a call does."""
        for fixture in fixtures:
            known = getattr(fixture, "_finalizers", None)
            if known and fixture.cached_result is not None:
                del known[self._finalizers.setdefault(id(fixture), len(known)) :]

    def _active_fixtures(self) -> list[Any]:
        request = getattr(self._item, "_request", None)
        return list(getattr(request, "_fixture_defs", {}).values())

    def _temporary_folder(self) -> Path | None:
        for fixture in self._active_fixtures():
            if fixture.argname == "tmp_path" and fixture.cached_result is not None:
                path = fixture.cached_result[0]
                return path if isinstance(path, Path) else None
        return None

    def _raise_collected(self) -> None:
        """A unittest test does not raise what it fails with, but collects it."""
        collected = getattr(self._item, "_excinfo", None)
        if collected:
            error = collected[0].value
            collected.clear()
            raise error
