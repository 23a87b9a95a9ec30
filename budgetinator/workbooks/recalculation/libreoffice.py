"""LibreOffice started once, headless, with a profile and a folder of its own, and ended.

It never meets another LibreOffice that runs, because each profile has its own. Whatever
happens - it hangs, the program is interrupted or killed - it is ended with all that it
started, and the folder goes with everything that was written.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from budgetinator.errors import RecalculationFailed
from budgetinator.workbooks.recalculation.profile import ENTRY, make_profile
from budgetinator.workbooks.recalculation.survivors import ended_with_us

__all__ = ["DEFAULT_TIMEOUT", "computed_files", "find_libreoffice"]

log = logging.getLogger("budgetinator.workbooks")

DEFAULT_TIMEOUT = 120.0

_NAMES = ("soffice", "libreoffice", "soffice.com")
_PLACES = (
    "/usr/lib/libreoffice/program/soffice",
    "/opt/libreoffice/program/soffice",
    "/snap/bin/libreoffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
)
_OPTIONS = ("--headless", "--norestore", "--nolockcheck", "--nologo", "--nodefault")
_OWN = (
    "TMPDIR",
    "TMP",
    "TEMP",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "GNUPGHOME",
)
_GRACE = 2.0


def find_libreoffice() -> str | None:
    """The program that starts LibreOffice, or None where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or next(filter(os.path.exists, _PLACES), None)


@contextlib.contextmanager
def computed_files(
    workbooks: Sequence[Iterable[bytes]], *, path: str, timeout: float = DEFAULT_TIMEOUT
) -> Iterator[list[Path]]:
    """Have LibreOffice compute workbook files; what it found is written as text.

    Yields a path for each workbook, in a folder that only this user can read and that is
    gone after the block; one that could not be opened has no file. `timeout` in seconds is
    for all of them, the start included. Errors name `path`: RecalculationFailed where
    there is no LibreOffice, or it takes too long, or ends without having done anything.
    """
    program = find_libreoffice()
    if program is None:
        raise RecalculationFailed(
            f"{path} cannot be recalculated, because LibreOffice is not installed; install it "
            "(on Debian and Ubuntu the package libreoffice-calc), or open the file in Excel and "
            "save it.",
            path=path,
            reason="LibreOffice is not installed",
        )
    with tempfile.TemporaryDirectory(prefix="budgetinator-recalc-") as name:
        folder = Path(name)
        for number, content in enumerate(workbooks):
            with open(folder / f"{number}.xlsx", "wb") as file:
                file.writelines(content)
        _run(program, folder, len(workbooks), path, timeout)
        yield [folder / f"{number}.txt" for number in range(len(workbooks))]


def _run(program: str, folder: Path, count: int, path: str, timeout: float) -> None:
    profile = folder / "profile"
    make_profile(profile)
    began = time.perf_counter()
    with open(folder / "log", "wb") as output, ended_with_us(folder) as name_group:
        process = _start(program, folder, count, output.fileno(), path)
        try:
            name_group(process.pid)
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise RecalculationFailed(
                f"{path} was not recalculated: LibreOffice did not end within {timeout:g} "
                "seconds; allow it more time, or recalculate the file in Excel. The file is as "
                "it was.",
                path=path,
                reason="LibreOffice did not end in time",
            ) from None
        finally:
            _end(process)
    log.debug("LibreOffice took %.1f seconds for %s", time.perf_counter() - began, path)


def _start(
    program: str, folder: Path, count: int, output: int, path: str
) -> subprocess.Popen[bytes]:
    call = f'macro:///{ENTRY}("{folder.as_uri()}",{count})'
    try:
        return subprocess.Popen(  # noqa: S603  the program is LibreOffice, no shell is asked
            [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", *_OPTIONS, call],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(folder),
            start_new_session=True,
        )
    except OSError as error:
        raise RecalculationFailed(
            f"{path} was not recalculated: {program} cannot be started ({error.strerror}); "
            "install LibreOffice anew.",
            path=path,
            reason="LibreOffice cannot be started",
        ) from error


def _environment(folder: Path) -> dict[str, str]:
    """Ours, with everything that LibreOffice puts somewhere led into the folder."""
    (folder / "home").mkdir()
    return {**os.environ, **dict.fromkeys(_OWN, str(folder / "home")), "SAL_USE_VCLPLUGIN": "svp"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started, and wait for them; nothing to do where it has ended.

    Its start is a script whose child does the work: both are in a session of their own.
    """
    was_running = process.poll() is None
    if sys.platform == "win32":
        _end_tree(process)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    if was_running and sys.platform != "win32":
        _await_group(process.pid)


def _await_group(group: int) -> None:
    """Until nothing of the group is left that could still write, or for a moment at most.

    They are not our children, so that they cannot be waited for.
    """
    until = time.monotonic() + _GRACE
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.01)


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    with contextlib.suppress(OSError):
        process.kill()
