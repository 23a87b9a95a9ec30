"""The command line as the tests run it: in a process of its own, or in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from budgetinator.cli import main

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "budgetinator"]


@dataclass(frozen=True, slots=True)
class Ended:
    """One run that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        return line


def environment(**changes: str) -> dict[str, str]:
    """What a child needs to find the package; a test may run anywhere."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), **changes}


def run(
    *words: str | os.PathLike[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    prepare: Callable[[], None] | None = None,
) -> Ended:
    """Run it in a process of its own, which must end within a minute."""
    done = subprocess.run(
        [*COMMAND, *map(os.fspath, words)],
        env=environment(**(env or {})),
        cwd=cwd,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
        preexec_fn=prepare,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def call(capsys: pytest.CaptureFixture[str], *words: str | os.PathLike[str]) -> Ended:
    """Run it in this process."""
    capsys.readouterr()
    code = main([os.fspath(word) for word in words])
    captured = capsys.readouterr()
    return Ended(code, captured.out, captured.err)


def names_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(os.listdir(folder))
