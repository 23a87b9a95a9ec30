"""What a manager tells about itself in dictionaries, with seed 004's keys.

A MB has 1024 * 1024 bytes.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

from budgetinator.errors import WorkbookError
from budgetinator.memory import process_reading, system_reading

if TYPE_CHECKING:
    from budgetinator.workbooks.location import Location
    from budgetinator.workbooks.opened import Mode, OpenWorkbook

__all__ = ["FileInfo", "MemoryInfo", "MemoryUsage", "file_info", "memory_info", "memory_usage"]

MB = 1024 * 1024


class MemoryUsage(TypedDict):
    """Of `get_memory_usage`; the workbook's share is an estimate from its cells."""

    process_memory_mb: float
    workbook_memory_mb: float
    file_path: str
    is_open: bool


class MemoryInfo(MemoryUsage):
    """Of `get_memory_info`: the same, and what it has to be seen against."""

    peak_memory_mb: float
    file_size_mb: float
    available_memory_mb: float
    memory_percent: float


class FileInfo(TypedDict):
    """Of `get_file_info`; sizes in bytes, 0 and None where there is no file."""

    file_path: str
    file_name: str
    exists: bool
    size_bytes: int
    modified_at: datetime | None
    sheet_names: list[str]
    is_open: bool
    read_only: bool
    data_only: bool


def memory_usage(location: Location, opened: OpenWorkbook | None) -> MemoryUsage:
    """Of the process and, if it is open, of the workbook."""
    return MemoryUsage(
        process_memory_mb=process_reading(brief=True).rss / MB,
        workbook_memory_mb=opened.size / MB if opened is not None else 0.0,
        file_path=location.path,
        is_open=opened is not None,
    )


def memory_info(location: Location, opened: OpenWorkbook | None) -> MemoryInfo:
    """The same beside the peak, the file's size and what the system has left."""
    process, system = process_reading(brief=True), system_reading()
    status = _status(location)
    return MemoryInfo(
        **memory_usage(location, opened),
        peak_memory_mb=(process.peak or process.rss) / MB,
        file_size_mb=status.st_size / MB if status else 0.0,
        available_memory_mb=system.available / MB,
        memory_percent=100 * process.rss / system.total,
    )


def file_info(location: Location, opened: OpenWorkbook | None, mode: Mode) -> FileInfo:
    """What the system says of the file, and its sheets if it can be read."""
    status = _status(location)
    return FileInfo(
        file_path=location.path,
        file_name=location.absolute.name,
        exists=status is not None,
        size_bytes=status.st_size if status else 0,
        modified_at=datetime.fromtimestamp(status.st_mtime, UTC) if status else None,
        sheet_names=_sheet_names(location),
        is_open=opened is not None,
        read_only=mode.read_only,
        data_only=mode.data_only,
    )


def _status(location: Location) -> os.stat_result | None:
    try:
        return location.absolute.stat()
    except OSError:
        return None


def _sheet_names(location: Location) -> list[str]:
    from budgetinator.workbooks.opc.package import Package

    try:
        with Package.open(location.path) as package:
            return [entry.name for entry in package.sheets]
    except WorkbookError:  # the answer is about the file, whatever it is
        return []
