"""Which plugin was being loaded when the process died.

A mark file is written before any of the plugin runs and removed after. The marks that the
next start finds with a process that is gone name the plugins that took it down, or that
were being loaded when somebody ended it: these are switched off. No mark is flushed to the
disk, since what the death of a process leaves in the system's cache stays there.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from budgetinator.errors import PluginError
from budgetinator.plugins.tree import read_regular
from budgetinator.resources.processes import ProcessIdentity

__all__ = ["LoadingMarks", "Mark"]

_MOST_BYTES = 16 * 1024
_serials = itertools.count(1).__next__


@dataclass(frozen=True, slots=True)
class Mark:
    """A plugin that was being loaded, by which process and since when."""

    plugin_id: str
    path: str
    process: ProcessIdentity
    at: str


class LoadingMarks:
    """The mark files of one state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def loading(self, plugin_id: str, path: Path) -> Iterator[None]:
        """Keep a mark for the block; raises PluginError where none can be made."""
        me = ProcessIdentity.current()
        at = datetime.now().astimezone().isoformat(timespec="seconds")
        file = self.folder / f"{me.pid}-{_serials()}.json"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as target:
                json.dump(asdict(Mark(plugin_id, str(path), me, at)), target)
        except OSError as error:
            raise PluginError(
                f"The plugin {plugin_id} is not loaded, because that cannot be noted in "
                f"{self.folder}: {error.strerror}.",
                plugin_id=plugin_id,
                path=str(file),
            ) from error
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    def dead(self) -> Iterator[Mark]:
        """The marks of processes that are gone; each is removed when the next is asked for."""
        me = ProcessIdentity.current()
        for file in sorted(self.folder.glob("*.json")):
            mark = _read(file)
            if mark is not None and mark.process.is_alive(me):
                continue
            if mark is not None:
                yield mark
            file.unlink(missing_ok=True)


def _read(file: Path) -> Mark | None:
    """The mark of a file; None for one that was cut short or is something else."""
    try:
        content = json.loads(read_regular(file, _MOST_BYTES))
        process = ProcessIdentity(**content.pop("process"))
        mark = Mark(**content, process=process)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, PluginError):
        return None
    texts = (mark.plugin_id, mark.path, mark.at, process.host, process.boot_id, process.namespace)
    numbers = (process.pid, process.start_ticks)
    is_whole = all(type(each) is str for each in texts) and all(type(n) is int for n in numbers)
    return mark if is_whole else None
