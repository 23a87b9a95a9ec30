"""The stream that a workbook is written to, which keeps the first error.

A full disk shows at some write in the middle of a member. By the time the error
has come out of `zipfile`, closing the half-written archive has raised a second
one over it, and the archive's finalizer complains a third time. So the stream
remembers the first failure, and from then on takes everything and keeps nothing:
what unwinds on top of it can no longer fail. The content is lost anyway.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from budgetinator.workbooks.saving.digest import RunningDigest

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["Output"]

T = TypeVar("T")

_BUFFER_BYTES = 1 << 18
# The digest follows the writer in such steps: a small file is digested in the end.
_FOLLOWING_BYTES = 1 << 20
_FOLLOWS = hasattr(os, "pread")


class Output(io.BufferedIOBase):
    """A new file under construction; owns the descriptor.

    Closing it does nothing, because its owner still has to flush it to the disk:
    that is `finish`, or `abandon` where the file is given up.
    """

    def __init__(self, descriptor: int) -> None:
        self._file = io.BufferedRandom(io.FileIO(descriptor, "w+"), _BUFFER_BYTES)
        self._finished = False
        self._at = 0
        self._digest: RunningDigest | None = None
        self._is_rewritten = False
        self.failure: BaseException | None = None

    def _kept(self, call: Callable[[], T], instead: T) -> T:
        if self.failure is not None:
            return instead
        if self._finished:
            raise ValueError("The workbook was already saved; nothing more can be written to it.")
        try:
            return call()
        except BaseException as error:  # noted and raised again, whatever it is
            self.failure = error
            raise

    def write(self, data: ReadableBuffer, /) -> int:
        if self._digest is not None and self._at < self._digest.covered:
            self._is_rewritten = True
        written = self._kept(lambda: self._file.write(data), memoryview(data).nbytes)
        self._at += written
        return written

    def read(self, size: int | None = -1, /) -> bytes:
        return self._kept(lambda: self._file.read(size), b"")

    def read1(self, size: int = -1, /) -> bytes:
        return self._kept(lambda: self._file.read1(size), b"")

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._kept(lambda: self._file.readinto(buffer), 0)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = self._at if whence == io.SEEK_CUR else 0
        self._at = self._kept(lambda: self._file.seek(offset, whence), max(base + offset, 0))
        return self._at

    def tell(self) -> int:
        # Once it has failed, an archive still reckons with the positions of what it wrote.
        return self._kept(self._file.tell, self._at)

    def truncate(self, size: int | None = None, /) -> int:
        self._is_rewritten = True
        return self._kept(lambda: self._file.truncate(size), 0)

    def flush(self) -> None:
        """Hand on what was written; what stands before this place should not change later."""
        self._kept(self._file.flush, None)
        covered = self._digest.covered if self._digest is not None else 0
        if _FOLLOWS and self.failure is None and self._at >= covered + _FOLLOWING_BYTES:
            if self._digest is None:
                self._digest = RunningDigest(self.fileno())
            self._digest.advance(self._at)

    def digest(self) -> str | None:
        """The SHA-256 of the whole file; None if it was not taken while it was written.

        Called once, after the last flush. Raises OSError.
        """
        if self._digest is None or self._is_rewritten:
            return None
        self._digest.advance(os.fstat(self.fileno()).st_size)
        return self._digest.hexdigest()

    def fileno(self) -> int:
        """The descriptor, for copying within the kernel: flush before."""
        return self._file.fileno()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Does nothing; the owner finishes or abandons it."""

    def raise_failure(self) -> None:
        """Raise the first failure again, if a writer swallowed it."""
        if self.failure is not None:
            raise self.failure

    def finish(self) -> None:
        """Close the descriptor; later writes are an error."""
        self._finished = True
        self._end_digest()
        self._file.close()

    def abandon(self, error: BaseException) -> None:
        """Close the descriptor without regard to what is still unwritten; later writes vanish."""
        if self.failure is None:
            self.failure = error
        self._end_digest()
        with contextlib.suppress(OSError):
            self._file.close()

    def _end_digest(self) -> None:
        if self._digest is not None:
            self._digest.close()
