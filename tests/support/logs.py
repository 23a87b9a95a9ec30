"""The pytest plugin that fails a test for a log warning that it did not expect."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator

import pytest

LOGGER = "budgetinator"
ExpectLog = Callable[[str], None]


class Recorder(logging.Handler):
    """Keeps what the library logs at WARNING and above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class LogWarnings:
    """Adds the recorder to the library's logger around each test, and checks what it got."""

    @pytest.fixture(autouse=True)
    def expect_log(self) -> Iterator[ExpectLog]:
        """Called with a regular expression: such a warning is expected, at least once."""
        recorder = Recorder()
        patterns: list[str] = []
        logger = logging.getLogger(LOGGER)
        logger.addHandler(recorder)
        try:
            yield patterns.append
        finally:
            logger.removeHandler(recorder)
        if problems := _unexpected(recorder.records, patterns):
            pytest.fail("\n".join(problems), pytrace=False)


def _unexpected(records: list[logging.LogRecord], patterns: list[str]) -> list[str]:
    messages = [record.getMessage() for record in records]
    surprises = [
        f"unexpected {record.levelname} of {record.name}"
        f" at {record.pathname}:{record.lineno}: {message}"
        for record, message in zip(records, messages, strict=True)
        if not any(re.search(pattern, message) for pattern in patterns)
    ]
    missing = [
        f"no log warning matches {pattern!r}"
        for pattern in patterns
        if not any(re.search(pattern, message) for message in messages)
    ]
    return surprises + missing
