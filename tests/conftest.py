"""Every test has a home of its own, and is checked for leftovers and log warnings."""

from __future__ import annotations

import signal

import pytest

from tests.support.home import PrivateHome
from tests.support.leftovers import MARKER, Leftovers
from tests.support.lines import Lines
from tests.support.logs import LogWarnings


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}(*kinds): leftovers of these kinds do not fail the test"
    )
    # A shell that runs this in the background has it ignored, and so would every child.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    lines = Lines(config.rootpath)
    lines.install()
    config.pluginmanager.register(PrivateHome(), "private-home")
    config.pluginmanager.register(Leftovers(lines), "leftovers")
    config.pluginmanager.register(LogWarnings(), "log-warnings")
