"""The pytest plugin that fails a test for what it left behind, and names the line.

The check runs when the test's own fixtures have been torn down: first what the
default runtime still tracks, then, when that runtime has been closed, what the
system shows. What a fixture of a wider scope made in its set-up is allowed until
that fixture is torn down. A test that has failed already is not blamed again:
its traceback keeps things alive.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import pytest

from tests.support.lines import Lines
from tests.support.probes import RUNTIME, Probe, close_the_default_runtime, system_probes

MARKER = "leftovers_expected"
_failed = pytest.StashKey[bool]()

Things = dict[tuple[Probe, Any], str]


class Leftovers:
    """One a test process; the lists of probes may be extended before the first test."""

    def __init__(self, lines: Lines) -> None:
        self.probes = list(system_probes(lines))
        self.runtime_probes = [RUNTIME]
        self._known: set[tuple[Probe, Any]] | None = None
        self._fixtures: dict[object, set[tuple[Probe, Any]]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if self._known is None:
            self._known = self._take()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        before = self._take()
        value = yield
        self._fixtures[fixturedef] = self._take() - before
        return value

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        self._fixtures.pop(fixturedef, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        item.stash[_failed] = report.failed or item.stash.get(_failed, False)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        try:
            result = yield
            left = self._left(item, self.runtime_probes)
            close_the_default_runtime()
            left += self._left(item, self.probes)
        finally:
            self._known = self._take().difference(*self._fixtures.values())
        if left and not item.stash.get(_failed, False):
            path, line, name = item.location
            heading = f"{name} ({path}:{(line or 0) + 1}) left behind:"
            pytest.fail("\n  ".join([heading, *left]), pytrace=False)
        return result

    def _left(self, item: pytest.Item, probes: Iterable[Probe]) -> list[str]:
        if not self._new(item, probes):
            return []
        gc.collect()
        for probe, key in self._new(item, probes):
            probe.settle(key)
        return [probe.describe(key, text) for (probe, key), text in self._new(item, probes).items()]

    def _new(self, item: pytest.Item, probes: Iterable[Probe]) -> Things:
        expected = {kind for marker in item.iter_markers(MARKER) for kind in marker.args}
        allowed = (self._known or set()).union(*self._fixtures.values())
        return {
            thing: text
            for thing, text in _all(probes)
            if thing not in allowed and thing[0].kind not in expected
        }

    def _take(self) -> set[tuple[Probe, Any]]:
        return {thing for thing, _ in _all(self.probes)}


def _all(probes: Iterable[Probe]) -> Iterator[tuple[tuple[Probe, Any], str]]:
    for probe in probes:
        for key, text in probe.take().items():
            yield (probe, key), text
