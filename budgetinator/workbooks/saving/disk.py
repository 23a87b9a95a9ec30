"""Descriptors of files and folders, and bringing both to the disk.

A rename is on the disk when its folder is. Windows has no descriptor of a folder,
and NTFS orders the rename in its journal.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["folder_descriptor", "old_content", "sync", "sync_folder"]

_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_POSIX = sys.platform != "win32"


@contextlib.contextmanager
def folder_descriptor(folder: Path) -> Iterator[int | None]:
    """Open before anything is replaced, so that a failure to open it still costs nothing."""
    if not _POSIX:
        yield None  # Windows has no descriptor of a folder; its journal orders the rename
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:  # a folder that may be written and not be listed
        yield None
        return
    try:
        yield descriptor
    finally:
        _close(descriptor)


def _close(descriptor: int) -> None:
    """Close what was only read: nothing can be lost by it."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


@contextlib.contextmanager
def old_content(path: Path) -> Iterator[int | None]:
    """The old file, still readable after its name was given to the new one."""
    descriptor = None
    if _POSIX:
        with contextlib.suppress(PermissionError, FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            _close(descriptor)


def sync(descriptor: int) -> None:
    os.fsync(descriptor)
    if sys.platform == "darwin":
        import fcntl

        # fsync leaves the data in the drive's own cache there.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)


def sync_folder(descriptor: int | None) -> None:
    if descriptor is None:
        if _POSIX:
            os.sync()
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
