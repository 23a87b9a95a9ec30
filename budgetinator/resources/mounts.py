"""Whether a folder lies on a network file system, as far as the system's mount table tells."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["network_file_system"]

_MOUNTS = "/proc/mounts"
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afs|ceph|lustre|ncpfs|davfs"
    r"|fuse\.(sshfs|glusterfs|davfs2?|rclone|s3fs|smbnetfs|curlftpfs)"
)


def network_file_system(path: Path) -> str | None:
    """The type of the network file system that `path` lies on or would be made on, else None.

    None also where there is no mount table to read.
    """
    kind = _mounted(os.path.realpath(path))
    return kind if kind is not None and _NETWORK.fullmatch(kind) else None


def _mounted(path: str) -> str | None:
    """The type of the mount with the longest path above; of several there, the last covers."""
    longest, found = "", None
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as table:
            for line in table:
                _, point, kind, *_ = line.split(" ")
                point = _unescaped(point)
                if _contains(point, path) and len(point) >= len(longest):
                    longest, found = point, kind
    except OSError:
        return None
    return found


def _contains(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _unescaped(point: str) -> str:
    r"""Blanks, tabs, line ends and backslashes stand as \040, \011, \012 and \134."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)
