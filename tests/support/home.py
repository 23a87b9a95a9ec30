"""The pytest plugin that keeps tests away from the user's own settings and state."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile

import pytest

from budgetinator.config import ENVIRONMENT


class PrivateHome:
    """A folder of its own for each test, made only if the test makes it.

    It is set in the environment, because child processes must see it as well.
    """

    def __init__(self) -> None:
        self._root = tempfile.mkdtemp(prefix="budgetinator-tests-")
        self._numbers = itertools.count()
        for name in ENVIRONMENT:
            os.environ.pop(name, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        home = os.path.join(self._root, str(next(self._numbers)))
        os.environ["XDG_STATE_HOME"] = os.path.join(home, "state")
        os.environ["XDG_CONFIG_HOME"] = os.path.join(home, "config")

    def pytest_unconfigure(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
