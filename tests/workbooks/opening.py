"""Opening a file up to the point where openpyxl would begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookRefused
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import check_parts


def opened(path: Path, bounds: OpeningBounds | None = None) -> tuple[str, ...]:
    """Open the file and look at every part, as a load for editing does first."""
    with Package.open(path, bounds) as package:
        check_parts(package, sheets=True)
        return tuple(sheet.name for sheet in package.sheets)


def refusal(path: Path, bounds: OpeningBounds | None = None) -> tuple[str | None, str | None]:
    """Why the file is refused, and which setting would let it in."""
    with pytest.raises(WorkbookRefused) as caught:
        opened(path, bounds)
    assert caught.value.path == str(path)
    return caught.value.reason, caught.value.limit
