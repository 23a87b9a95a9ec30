"""What LibreOffice must not do: outlive the process that started it.

A process that is killed runs no clean-up. So a shell of its own waits for the end of a
pipe that only that process holds; when it comes, the shell kills LibreOffice's process
group and removes its folder. It costs a few milliseconds of start and no memory to
speak of. Windows has no process groups: there this does nothing.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["ended_with_us"]

log = logging.getLogger("budgetinator.workbooks")

# The folder goes last, and once more: what is dying may still write into it.
_UNTIL_THE_END = """\
read -r group
read -r _
[ -z "$group" ] || kill -9 "-$group" 2>/dev/null
rm -rf -- "$1" 2>/dev/null
sleep 1
rm -rf -- "$1"
"""


@contextlib.contextmanager
def ended_with_us(folder: Path) -> Iterator[Callable[[int], None]]:
    """Within the block, a death of this process removes the folder and ends a process group.

    Yields what takes the group's number, once it is known. Where no shell can be started
    the block runs all the same, and the log says so.
    """
    watch = _start(folder)
    if watch is None or watch.stdin is None:
        yield lambda _group: None
        return
    pipe = watch.stdin

    def name_group(group: int) -> None:
        with contextlib.suppress(BrokenPipeError):
            pipe.write(b"%d\n" % group)

    try:
        yield name_group
    finally:
        watch.kill()  # before its pipe is closed, so that it does nothing
        watch.wait()
        pipe.close()


def _start(folder: Path) -> subprocess.Popen[bytes] | None:
    if sys.platform == "win32":
        return None
    try:
        return subprocess.Popen(  # noqa: S603  a fixed script; its argument is no code
            ["/bin/sh", "-c", _UNTIL_THE_END, "sh", str(folder)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        log.warning("nothing ends LibreOffice if this process is killed: %s", error)
        return None
