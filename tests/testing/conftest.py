"""Inner runs: pytest as a user starts it, on a small project that is not this one."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

Run = Callable[..., pytest.RunResult]

# A plugin for a widget library would load it, and hide that this one does not.
OPTIONS = ("-p", "no:cacheprovider", "-p", "no:pytest-qt", "-rA")
HEAD = """
import pytest
kept = []
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Writes the text as test_it.py, and runs pytest on it with the plugins that are installed."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")

    def run_text(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=HEAD + dedent(text))
        return pytester.runpytest_subprocess(*OPTIONS, *arguments)

    return run_text
