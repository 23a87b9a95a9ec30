"""The file that a save replaces, and why some files are not replaced.

Symbolic links are followed, so that the link stays and the file behind it changes.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from budgetinator.errors import SaveError, TargetReadOnly

__all__ = ["Target", "inspect", "inspect_backup", "read_only", "refusal"]


@dataclass(frozen=True, slots=True)
class Target:
    """The file to be replaced: as it was named, where it really is, and what it is now."""

    given: str
    path: Path
    status: os.stat_result | None


def inspect(given: str) -> Target:
    path = Path(os.path.realpath(given))
    status = _status(path)
    if status is not None:
        _refuse_unreplaceable(given, status)
    _refuse_folder(given, path.parent)
    if status is not None and not (status.st_mode & stat.S_IWUSR and os.access(path, os.W_OK)):
        raise read_only(given, "it is read-only")
    return Target(given, path, status)


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _refuse_unreplaceable(given: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise refusal(given, errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise refusal(given, errno.EINVAL, "it is not a regular file but a device, pipe or socket")
    if status.st_nlink > 1:
        reason = (
            f"it has {status.st_nlink} names (hard links), and the new file would bear only one "
            "of them; remove the others or save it under another name"
        )
        raise refusal(given, errno.EMLINK, reason)


def _refuse_folder(given: str, folder: Path) -> None:
    try:
        mode = os.stat(folder).st_mode
    except FileNotFoundError:
        raise refusal(given, errno.ENOENT, f"there is no folder {folder}; make it first") from None
    if not stat.S_ISDIR(mode):
        raise refusal(given, errno.ENOTDIR, f"{folder} is not a folder")
    # Root could write anyway; a folder that its owner made read-only stays so. On Windows
    # the mode of a folder says nothing.
    if not os.access(folder, os.W_OK | os.X_OK) or (
        sys.platform != "win32" and not mode & stat.S_IWUSR
    ):
        raise read_only(given, f"its folder {folder} may not be written")


def inspect_backup(backup: Path, path: Path) -> Path:
    real = inspect(os.fspath(backup)).path
    if real == path:
        raise refusal(os.fspath(backup), errno.EINVAL, "a file cannot be its own backup")
    return real


def refusal(given: str, number: int, reason: str) -> SaveError:
    return SaveError(f"{given} cannot be saved: {reason}.", path=given, errno=number)


def read_only(given: str, reason: str, number: int = errno.EACCES) -> TargetReadOnly:
    return TargetReadOnly(
        f"{given} cannot be saved: {reason}; save it under another name.",
        path=given,
        errno=number,
    )
