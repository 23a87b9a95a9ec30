"""What the user trusts, and what is switched off: a file of the state folder.

It lies outside of every plugin folder, belongs to the user alone (0600), is replaced as a
whole, and is written under a lock, because two windows may be open. A file that somebody
else could have written trusts nothing.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from budgetinator.errors import PluginError, PluginRefused
from budgetinator.plugins.tree import read_regular

__all__ = ["TrustRecord", "TrustStore"]

FILE = "trust.json"
_FORMAT = 1
_MOST_BYTES = 4 * 1024 * 1024
_LOCK_SECONDS = 10.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """One plugin at one place: the SHA-256 of the tree that is trusted, and why it is off."""

    plugin_id: str
    path: str
    sha256: str | None = None
    trusted_at: str | None = None
    off: str | None = None


Records = dict[tuple[str, str], TrustRecord]


class TrustStore:
    """The records of one state folder; each call reads the file anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE

    def record(self, plugin_id: str, path: Path) -> TrustRecord | None:
        """What is known of the plugin at this place."""
        return self.records().get((plugin_id, str(path)))

    def records(self) -> Records:
        """All records; raises PluginRefused for a file that is damaged or not ours alone."""
        try:
            data = read_regular(self.path, _MOST_BYTES)
            self._refuse_shared()
        except FileNotFoundError:
            return {}
        except PluginRefused as error:
            raise self._unusable(error.reason or str(error)) from None
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        try:
            document = json.loads(data)
            if document["format"] != _FORMAT:
                raise ValueError(f"its format is {document['format']!r}")
            found = [_record(each) for each in document["plugins"]]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._unusable(f"it is damaged ({error})") from None
        return {(each.plugin_id, each.path): each for each in found}

    def trust(self, plugin_id: str, path: Path, digest: str | None) -> None:
        """Trust this tree, and have it on; a shipped plugin has no digest."""
        at = datetime.now().astimezone().isoformat(timespec="seconds")
        self._put(TrustRecord(plugin_id, str(path), digest, at if digest else None))

    def untrust(self, plugin_id: str, path: Path) -> bool:
        """Forget the plugin; whether it was trusted."""
        key = (plugin_id, str(path))

        def forget(records: Records) -> bool:
            record = records.pop(key, None)
            if record is not None and record.off is not None:
                records[key] = replace(record, sha256=None, trusted_at=None)
            return record is not None and record.sha256 is not None

        return self._change(forget)

    def switch_off(self, plugin_id: str, path: Path, reason: str) -> None:
        """Do not load it again until the user trusts it once more."""

        def switch(records: Records) -> None:
            key = (plugin_id, str(path))
            records[key] = replace(records.get(key, TrustRecord(*key)), off=reason)

        self._change(switch)

    def _put(self, record: TrustRecord) -> None:
        def put(records: Records) -> None:
            records[record.plugin_id, record.path] = record

        self._change(put)

    def _change(self, change: Callable[[Records], Answer]) -> Answer:
        """Read, change and write under the lock; a damaged file is kept beside the new one."""
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS, mode=0o600):
                try:
                    records = self.records()
                except PluginRefused:
                    os.replace(self.path, f"{self.path}.damaged")
                    records = {}
                answer = change(records)
                self._write(records)
        except (OSError, Timeout) as error:
            raise self._unusable(str(error), "written") from error
        return answer

    def _write(self, records: Records) -> None:
        document = {"format": _FORMAT, "plugins": [asdict(each) for each in records.values()]}
        temp = f"{self.path}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(temp, flags, 0o600)
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(json.dumps(document, indent=2).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, self.path)

    def _refuse_shared(self) -> None:
        if not hasattr(os, "geteuid"):
            return
        status = os.lstat(self.path)
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PluginRefused(
                "", reason="others may write it; take that right away, or delete it and trust anew"
            )

    def _unusable(self, reason: str, done: str = "read") -> PluginError:
        return PluginRefused(
            f"The record of trusted plugins {self.path} cannot be {done}: {reason}.",
            path=str(self.path),
            reason=reason,
        )


def _record(table: dict[str, str | None]) -> TrustRecord:
    """The record of a table from the file; TypeError for one that is none."""
    record = TrustRecord(**table)  # type: ignore[arg-type]
    if not (isinstance(record.plugin_id, str) and isinstance(record.path, str)):
        raise TypeError("a plugin has no id or no path")
    rest = (record.sha256, record.trusted_at, record.off)
    if not all(each is None or isinstance(each, str) for each in rest):
        raise TypeError(f"the record of {record.plugin_id} has other values than text")
    return record
