"""What a file was when it was last looked at, to tell whether it is still the same.

The status of a file (inode, time of change, size) is compared first, because it
costs one system call; a save by another program changes it, and so does a mere
touch or a copy that was put back. Only where it differs is the content's SHA-256
asked, which is what decides: the figures are the same or they are not.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from budgetinator.errors import WorkbookNotFound, WorkbookUnreadable

__all__ = ["Fingerprint"]

_ATTEMPTS = 3
# A FIFO or a device must not block the caller; without O_BINARY Windows would change line ends.
_READING = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The identity and content of a file at one moment.

    `inode` is 0 where the system has none; `size` in bytes; `sha256` in hexadecimal,
    or None where the content was not read or changed while it was.
    """

    inode: int
    mtime_ns: int
    size: int
    sha256: str | None = None

    @classmethod
    def of(cls, path: str | os.PathLike[str], *, content: bool = True) -> Fingerprint:
        """The fingerprint of the file at this path, symbolic links followed.

        `content=False` spares reading it, and then any change of its status counts
        as a change. Raises WorkbookNotFound, or WorkbookUnreadable, which is also
        the answer to what is no regular file.
        """
        shown = os.fspath(path)
        try:
            descriptor = os.open(path, _READING)
        except FileNotFoundError as error:
            raise WorkbookNotFound(f"There is no file {shown}.", path=shown) from error
        except OSError as error:
            raise _unreadable(shown, error) from error
        try:
            return cls.of_descriptor(descriptor, content=content)
        except OSError as error:
            raise _unreadable(shown, error) from error
        finally:
            os.close(descriptor)

    @classmethod
    def of_descriptor(
        cls,
        descriptor: int,
        *,
        content: bool = True,
        digest: Callable[[], str | None] | None = None,
    ) -> Fingerprint:
        """The fingerprint of an open regular file; moves its position, raises OSError.

        `digest` may know the content's SHA-256 already.
        """
        for attempt in range(_ATTEMPTS if content else 0):
            before = cls._of_status(os.fstat(descriptor))
            known = digest() if digest is not None and attempt == 0 else None
            sha256 = known or _digest(descriptor)
            if cls._of_status(os.fstat(descriptor)) == before:
                return cls(before.inode, before.mtime_ns, before.size, sha256)
        return cls._of_status(os.fstat(descriptor))

    def still(self, descriptor: int) -> Fingerprint:
        """This, if the open file has the same status; or else the one that it has now."""
        same = self._same_status(Fingerprint._of_status(os.fstat(descriptor)))
        return self if same else Fingerprint.of_descriptor(descriptor)

    def matches(self, path: str | os.PathLike[str]) -> bool:
        """Whether the file at this path is still the same.

        What cannot be shown to be the same is not: a file that is gone or that
        cannot be read does not match.
        """
        try:
            now = Fingerprint._of_status(os.stat(path))
            if self._same_status(now):
                return True
            if self.sha256 is None or self.size != now.size:
                return False
            return Fingerprint.of(path).sha256 == self.sha256
        except OSError:
            return False

    def _same_status(self, other: Fingerprint) -> bool:
        same_file = self.inode == other.inode or 0 in (self.inode, other.inode)
        return same_file and (self.mtime_ns, self.size) == (other.mtime_ns, other.size)

    @classmethod
    def _of_status(cls, status: os.stat_result) -> Fingerprint:
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


def _digest(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(shown: str, error: OSError) -> WorkbookUnreadable:
    return WorkbookUnreadable(
        f"{shown} cannot be read: {error.strerror}.", path=shown, errno=error.errno
    )
