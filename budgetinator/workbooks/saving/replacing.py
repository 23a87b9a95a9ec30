"""The one place that writes over a user's file.

Never in place: a new file is written beside the old one, read back, brought to the
disk, and takes the old one's name in one step, so that whoever looks, and whenever
the process or the power dies, finds the whole old file or the whole new one. The
order, and what each step guards against:

1. what must be refused is refused before anything is written;
2. a kernel lock, freed by a kill, keeps our own writers apart. It lies in a folder
   of ours and is keyed by the file's real path, so nothing appears beside the file;
3. a journal row, before the temporary file exists, so that a start after a kill
   knows what to sweep;
4. the temporary file: same folder, unpredictable name, nobody else's to read;
5. written, flushed, read back, fsync; a large file is read back while it is brought to
   the disk and its digest is taken, each in a thread, and all three must have succeeded;
6. the old file's owner, mode and extended attributes;
7. the target is still the one that was opened (another program may have saved it);
8. a backup, if one is asked for, made as durably as the file itself;
9. `os.replace`, then fsync of the folder, without which a power cut could forget it.

Attributes come after the fsync, as journalling file systems order them before the
rename; a second fsync would double the cost of a save on a disk. A file with hard
links is refused, as replacing it would part it from its other names; writing it in
place is what this module exists to prevent. A folder that cannot be brought to the
disk after the replace gets the old content back, so that a save that failed has
changed nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from budgetinator.config import default_state_dir
from budgetinator.errors import (
    BudgetinatorError,
    ChangedOnDisk,
    SaveError,
    WorkbookBusy,
    WorkbookError,
)
from budgetinator.resources import TEMP_SUFFIX
from budgetinator.workbooks.saving.attributes import keep_attributes, mode_of_new_file
from budgetinator.workbooks.saving.beside import Beside
from budgetinator.workbooks.saving.disk import folder_descriptor, old_content, sync, sync_folder
from budgetinator.workbooks.saving.fingerprint import Fingerprint
from budgetinator.workbooks.saving.output import Output
from budgetinator.workbooks.saving.targets import (
    Target,
    inspect,
    inspect_backup,
    read_only,
    refusal,
)

__all__ = ["SaveJournal", "Saved", "default_lock_dir", "replace_durably"]

log = logging.getLogger("budgetinator.workbooks")

_CREATING = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)
# Windows denies a replace for as long as anybody, a virus scanner included, has the file open.
_REPLACE_DELAYS = (0.05, 0.1, 0.2, 0.4)
# For a smaller file, threads take as long as they spare.
_LARGE = 1024 * 1024
_POSIX = sys.platform != "win32"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and save again",
    errno.EDQUOT: "your share of the disk is used up; free some space and save again",
    errno.EFBIG: "the file would be larger than the system allows",
    errno.EIO: "the disk reported an error; save to another disk",
    errno.EROFS: "the disk is read-only; save it under another name elsewhere",
    errno.ENAMETOOLONG: "the name is too long",
}


class SaveJournal(Protocol):
    """The record of saves under way, by which a later start sweeps up after a kill."""

    def intend_save(
        self, target: Path, temp: Path, backup: Path | None = None
    ) -> Callable[[], None]:
        """Record durably that `temp` is about to be made to replace `target`.

        Returns the undo, called once `temp` is gone. Called from the saving thread.
        """
        ...


@dataclass(frozen=True, slots=True)
class Saved:
    """A save that is on the disk; `path` is the real file, symbolic links followed."""

    path: Path
    bytes_written: int
    fingerprint: Fingerprint
    backup: Path | None = None


@dataclass(frozen=True, slots=True)
class _Content:
    """What the file shall hold, who decides that it does, and whose attributes it takes."""

    write: Callable[[BinaryIO], object]
    verify: Callable[[Path], None]
    like: Path


def replace_durably(
    target: Path,
    write: Callable[[BinaryIO], object],
    *,
    verify: Callable[[Path], None],
    expected: Fingerprint | None = None,
    journal: SaveJournal | None = None,
    lock_dir: Path | None = None,
    lock_timeout: float = 10.0,
    backup: Path | None = None,
) -> Saved:
    """Put what `write` writes in the place of the target, wholly or not at all.

    `write` gets a seekable stream of a new file; `verify` gets the new file's path,
    which ends in `TEMP_SUFFIX`, and raises if it does not read back. Both are
    called in this thread while the file lock is held: they must not save the same
    file. With `expected` the target must still be that file; without, it is replaced
    whatever it is. `backup` gets a copy of the old file, if there is one. A negative
    `lock_timeout`, in seconds, waits for ever.

    Raises TargetReadOnly, WorkbookBusy, ChangedOnDisk, or SaveError with the first
    error as its cause and `errno`. A WorkbookError that `write` raises comes out as
    it is, and so do KeyboardInterrupt and MemoryError. After any of them the target
    is as it was and no temporary file is left.
    """
    handled_outside = sys.exception()
    given = os.fspath(target)
    try:
        path = inspect(given).path
        content = _Content(write, verify, like=path)
        if backup is not None:
            backup = inspect_backup(backup, path)
        with _locked(path, given, lock_dir or default_lock_dir(), lock_timeout):
            return _replace(inspect(given), content, expected, journal, backup)
    except BaseException as error:  # nothing is swallowed: each leaves as itself or as a SaveError
        failure = _first_error(error, handled_outside, given)
        if failure is error:
            raise
        raise failure from failure.__cause__


def default_lock_dir() -> Path:
    """The folder of lock files in the user's own state folder; it may not exist yet."""
    return default_state_dir() / "locks"


# The lock.


@contextlib.contextmanager
def _locked(path: Path, given: str, lock_dir: Path, timeout: float) -> Iterator[None]:
    from filelock import FileLock, Timeout  # 40 ms to import, and only a save needs it

    key = hashlib.sha256(os.fsencode(os.path.normcase(path))).hexdigest()[:32]
    lock = FileLock(lock_dir / f"{key}.lock", poll_interval=0.02)
    try:
        lock_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=timeout)
    except Timeout:
        raise WorkbookBusy(
            f"{given} is being saved by another program of ours, which did not end "
            f"within {timeout:g} seconds; try again.",
            path=given,
            errno=errno.EAGAIN,
        ) from None
    except OSError as error:
        reason = f"its lock in {lock_dir} cannot be had: {error.strerror}"
        raise refusal(given, error.errno or errno.EIO, reason) from error
    try:
        yield
    finally:
        # Unlinked while still held: who waits for it sees that its file has no name any more
        # and starts over (filelock looks at st_nlink). Windows removes it on release.
        # What fails here fails after the save, and the process's end frees the lock.
        with contextlib.suppress(OSError):
            if _POSIX:
                os.unlink(lock.lock_file)
        with contextlib.suppress(OSError):
            lock.release()


# The replacement itself.


def _replace(
    target: Target,
    content: _Content,
    expected: Fingerprint | None,
    journal: SaveJournal | None,
    backup: Path | None,
) -> Saved:
    def still_the_same() -> None:
        _refuse_changed(target, expected)

    def before_replace() -> None:
        still_the_same()
        if backup is not None and target.status is not None:
            _copy_durably(target, backup, journal)
            still_the_same()  # a copy may take its time

    still_the_same()
    with contextlib.ExitStack() as held:
        folder = held.enter_context(folder_descriptor(target.path.parent))
        old = held.enter_context(old_content(target.path))
        saved = _through_temporary(target, content, journal, backup, before_replace)
        try:
            sync_folder(folder)
        except OSError as error:
            _put_back(target, old, journal, error)
            raise
    made = backup if target.status is not None else None
    return Saved(target.path, saved.size, saved, made)


def _through_temporary(
    target: Target,
    content: _Content,
    journal: SaveJournal | None,
    backup: Path | None,
    before_replace: Callable[[], None],
) -> Fingerprint:
    """Write, verify, sync and move into place; leaves no temporary file, whatever happens."""
    temp = target.path.with_name(f".{secrets.token_hex(16)}{TEMP_SUFFIX}")
    done = journal.intend_save(target.path, temp, backup) if journal else _nothing
    try:
        saved = _fill(temp, target, content)
        before_replace()
        _move(temp, target)
    except BaseException as error:
        taken = isinstance(error, FileExistsError) and error.filename == os.fspath(temp)
        if taken or _discard(temp):
            _finish(done)
        raise
    _finish(done)
    return saved


def _fill(temp: Path, target: Target, content: _Content) -> Fingerprint:
    descriptor = os.open(temp, _CREATING, 0o600)
    output = Output(descriptor)
    try:
        content.write(cast("BinaryIO", output))
        output.flush()
        output.raise_failure()
        saved = _settle(temp, target, content, output)
        if target.status is not None:
            keep_attributes(target.status, content.like, descriptor)
        elif _POSIX:
            os.fchmod(descriptor, mode_of_new_file())
        saved = saved.still(descriptor)
        output.finish()
    except BaseException as error:
        output.abandon(error)
        if output.failure is not error and output.failure is not None:
            raise output.failure from output.failure.__cause__  # not the one that came of it
        raise
    return saved


def _settle(temp: Path, target: Target, content: _Content, output: Output) -> Fingerprint:
    """Read the new file back, bring it to the disk and take its digest, or raise."""
    descriptor = output.fileno()

    def look() -> Fingerprint:
        return Fingerprint.of_descriptor(descriptor, digest=output.digest)

    if os.fstat(descriptor).st_size < _LARGE:
        _verify(temp, target, content)
        sync(descriptor)
        return Fingerprint.of_descriptor(descriptor)
    with (
        Beside(lambda: sync(descriptor), "budgetinator-syncing") as syncing,
        Beside(look, "budgetinator-looking") as looking,
    ):
        _verify(temp, target, content)
        syncing.result()
        return looking.result()


def _verify(temp: Path, target: Target, content: _Content) -> None:
    try:
        content.verify(temp)
    except WorkbookError as error:
        raise SaveError(
            f"{target.given} could not be saved, because what was written does not read back: "
            f"{error} The file is as it was.",
            path=target.given,
            errno=getattr(error, "errno", None),
        ) from error


def _move(temp: Path, target: Target) -> None:
    for delay in _REPLACE_DELAYS:
        try:
            return os.replace(temp, target.path)
        except PermissionError:
            time.sleep(delay)
    try:
        return os.replace(temp, target.path)
    except PermissionError as error:
        if error.errno == errno.EPERM and _POSIX:
            reason = "the system does not let it be replaced"
            raise read_only(target.given, reason, errno.EPERM) from error
        raise SaveError(
            f"{target.given} could not be replaced, because another program has it open, "
            "probably Excel; close it there or save a copy under another name. "
            "The file is as it was.",
            path=target.given,
            errno=error.errno,
        ) from error


def _copy_durably(target: Target, backup: Path, journal: SaveJournal | None) -> None:
    def copy(stream: BinaryIO) -> None:
        with open(target.path, "rb") as old:
            shutil.copyfileobj(old, stream, 1 << 20)

    def is_whole(temp: Path) -> None:
        if Fingerprint.of(temp).sha256 != Fingerprint.of(target.path).sha256:
            raise ChangedOnDisk(
                f"{target.given} changed while its backup was made; open it again.",
                path=target.given,
            )

    # With the target's owner and mode: a backup is for those who may read the file.
    content = _Content(copy, is_whole, like=target.path)
    copied = Target(target.given, backup, target.status)
    with folder_descriptor(backup.parent) as folder:
        _through_temporary(copied, content, journal, None, _nothing)
        sync_folder(folder)


def _put_back(
    target: Target, old: int | None, journal: SaveJournal | None, reason: OSError
) -> None:
    """Undo a replacement that the disk did not confirm."""
    try:
        if target.status is None:
            os.unlink(target.path)
        else:
            _write_back(target, old, journal)
    except OSError as error:
        log.warning("The old content of %s cannot be put back: %s", target.path, error)
        raise SaveError(
            f"{target.given} holds the new content, but the disk did not confirm it: "
            f"{reason.strerror}; save it again, or to another disk.",
            path=target.given,
            errno=reason.errno,
        ) from reason


def _write_back(target: Target, old: int | None, journal: SaveJournal | None) -> None:
    if old is None:
        raise OSError(errno.EACCES, "the old content cannot be read")
    times = os.fstat(old)

    def copy(stream: BinaryIO) -> None:
        with open(old, "rb", closefd=False) as file:
            file.seek(0)
            shutil.copyfileobj(file, stream, 1 << 20)

    def keep_times(temp: Path) -> None:
        os.utime(temp, ns=(times.st_atime_ns, times.st_mtime_ns))

    content = _Content(copy, keep_times, like=target.path)
    _through_temporary(target, content, journal, None, _nothing)


def _refuse_changed(target: Target, expected: Fingerprint | None) -> None:
    if expected is not None:
        same = expected.matches(target.path)
    else:
        same = target.status is not None or not os.path.lexists(target.path)
    if not same:
        raise ChangedOnDisk(
            f"{target.given} was changed by another program since it was opened; "
            "open it again, save a copy, or overwrite it.",
            path=target.given,
        )


def _discard(temp: Path) -> bool:
    """Whether the temporary file is gone; if not, its journal row must stay."""
    try:
        os.unlink(temp)
    except FileNotFoundError:
        return True
    except OSError as error:
        log.warning("The temporary file %s cannot be removed: %s", temp, error)
        return False
    return True


def _finish(done: Callable[[], None]) -> None:
    try:
        done()
    except (OSError, BudgetinatorError) as error:  # the save itself stands
        log.warning("The journal still shows a save that has ended: %s", error)


def _nothing() -> None:
    """The undo of what was not recorded."""


# Errors.


def _first_error(
    error: BaseException, handled_outside: BaseException | None, given: str
) -> BaseException:
    """The first error that happened, as a SaveError unless it speaks for itself."""
    first, seen = error, {id(error)}
    while (earlier := first.__context__) is not None and not first.__suppress_context__:
        if earlier is handled_outside or id(earlier) in seen:
            break
        seen.add(id(earlier))
        first = earlier
    if isinstance(first, WorkbookError | MemoryError) or not isinstance(first, Exception):
        return first
    number = first.errno if isinstance(first, OSError) else None
    reason = _REASONS.get(number or 0) or getattr(first, "strerror", None) or _shown(first)
    failed = SaveError(
        f"{given} could not be saved: {reason}. The file is as it was.", path=given, errno=number
    )
    failed.__cause__ = first
    return failed


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(" .:")
