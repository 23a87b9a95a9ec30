"""Who owns a file and who may use it, carried over to the file that takes its place.

POSIX access control lists are extended attributes (system.posix_acl_access) and
are carried with them. On Windows the new file inherits the access list of its
folder; on macOS, where Python offers no extended attributes, only mode and owner
are kept.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from pathlib import Path

__all__ = ["keep_attributes", "mode_of_new_file"]

log = logging.getLogger("budgetinator.workbooks")

_ACCESS_LIST = "system.posix_acl_access"
# Set by the kernel or an administrator; others can neither copy them nor need to.
_PRIVILEGED = ("security.", "trusted.")
_NOT_SUPPORTED = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def keep_attributes(old: os.stat_result, path: Path, descriptor: int) -> None:
    """Give the open new file the owner, mode and extended attributes of the file at `path`.

    Raises OSError where the user's own attributes cannot be kept. An owner that
    only root could set is not: another member of the group may save a shared file.
    """
    if sys.platform == "win32":
        return  # the mode says no more than read-only, and that is refused beforehand
    group_kept = _keep_owner(old, descriptor)
    mode = stat.S_IMODE(old.st_mode) & ~(stat.S_ISUID | stat.S_ISGID)
    if not group_kept:
        # Never let another group in: its members get what everybody gets.
        mode = mode & ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3 & mode
    os.fchmod(descriptor, mode)
    if sys.platform == "linux":
        _keep_extended(path, descriptor, access_list=group_kept)


def _keep_owner(old: os.stat_result, descriptor: int) -> bool:
    """Whether at least the group is the old one."""
    new = os.fstat(descriptor)
    for uid, gid in ((old.st_uid, old.st_gid), (-1, old.st_gid)):
        if (uid in (-1, new.st_uid)) and gid == new.st_gid:
            return True
        try:
            os.fchown(descriptor, uid, gid)
        except PermissionError:
            continue
        return True
    log.info("The group %d of a saved workbook cannot be kept.", old.st_gid)
    return False


if sys.platform == "linux":

    def _keep_extended(path: Path, descriptor: int, *, access_list: bool) -> None:
        try:
            old = os.listxattr(path)
            inherited = set(os.listxattr(descriptor)) - set(old)
        except OSError as error:
            if error.errno in _NOT_SUPPORTED:
                return
            raise
        if _ACCESS_LIST in inherited:
            os.removexattr(descriptor, _ACCESS_LIST)
        for name in old:
            if name != _ACCESS_LIST or access_list:
                _keep_one(name, path, descriptor)

    def _keep_one(name: str, path: Path, descriptor: int) -> None:
        try:
            value = os.getxattr(path, name)
            if not name.startswith(_PRIVILEGED) or _differs(descriptor, name, value):
                os.setxattr(descriptor, name, value)
        except OSError as error:
            if not name.startswith(_PRIVILEGED):
                raise
            log.debug("The attribute %s of %s cannot be kept: %s", name, path, error)

    def _differs(descriptor: int, name: str, value: bytes) -> bool:
        return name not in os.listxattr(descriptor) or os.getxattr(descriptor, name) != value


def mode_of_new_file() -> int:
    """The permissions that the process's umask gives a new file.

    Linux tells the umask; elsewhere it is set and put back at once, which another
    thread that makes a file in that instant could notice.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            told = [line.split()[1] for line in status if line.startswith("Umask:")]
    except OSError:
        told = []
    if told:
        return 0o666 & ~int(told[0], 8)
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask
