"""LibreOffice where it is, and programs that stand in its place where a fault is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from budgetinator.workbooks.recalculation import libreoffice

needs_libreoffice = pytest.mark.skipif(
    libreoffice.find_libreoffice() is None,
    reason="LibreOffice is not installed (on Debian the package libreoffice-calc)",
)


def put_in_place(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str | None) -> None:
    """Let this shell script be the only LibreOffice; None leaves the machine without one."""
    folder.mkdir(exist_ok=True)
    monkeypatch.setattr(libreoffice, "_PLACES", ())
    if script is None:
        monkeypatch.setenv("PATH", os.fspath(folder))
        return
    program = folder / "soffice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
