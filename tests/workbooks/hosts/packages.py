"""A workbook of one sheet "Budget" with given markup."""

from __future__ import annotations

from pathlib import Path

from tests.workbooks.builders import SHEET, minimal_parts, sheet_xml, write_zip

__all__ = ["sheet_file"]


def sheet_file(path: Path, rows: str, after: str = "") -> Path:
    """Its rows, and what follows them."""
    write_zip(path, {**minimal_parts(), SHEET: sheet_xml(rows, after).encode()})
    return path
