r"""Who has a workbook open: other programs by their owner files, ours by the journal.

LibreOffice writes `.~lock.NAME#` beside the file: user's name, login, host and
time, with commas and with `\` before a comma that belongs to a name. Excel
writes `~$NAME`, 165 bytes: the name's length, the name in the system's code
page, and from byte 55 its length and itself again in UTF-16.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.resources import Journal

__all__ = ["Holder", "holders", "summary"]

_FIELD = re.compile(r"((?:\\.|[^,;\\])*)[,;]?")
_EXCEL_NAME_AT = 55
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the file open: in which program, and what more is known."""

    program: str
    name: str
    details: str = ""

    def __str__(self) -> str:
        who = f"{self.name} in {self.program}" if self.name else self.program
        return f"{who} ({self.details})" if self.details else who


def holders(path: str | os.PathLike[str], journal: Journal | None = None) -> tuple[Holder, ...]:
    """Everybody else who has the file open, as far as they say so."""
    file = Path(path)
    found = [
        _libreoffice(file.with_name(f".~lock.{file.name}#")),
        _excel(file.with_name(f"~${file.name}")),
    ]
    return (*(holder for holder in found if holder is not None), *_ours(file, journal))


def summary(found: tuple[Holder, ...]) -> str:
    """One line for all of them."""
    if not found:
        return "Nobody else has it open"
    return "Open elsewhere: " + ", ".join(map(str, found))


def _libreoffice(lock: Path) -> Holder | None:
    raw = _read(lock)
    if raw is None:
        return None
    fields = [
        re.sub(r"\\(.)", r"\1", field)
        for field in _FIELD.findall(raw.decode("utf-8", errors="replace"))
    ]
    name, login, host, since = [*fields, "", "", "", ""][:4]
    details = ", ".join(part for part in (host, since and f"since {since}") if part)
    return Holder("LibreOffice", name.strip() or login.strip(), details)


def _excel(owner: Path) -> Holder | None:
    raw = _read(owner)
    if raw is None:
        return None
    return Holder("Excel", _excel_name(raw))


def _excel_name(raw: bytes) -> str:
    wide = raw[_EXCEL_NAME_AT : _EXCEL_NAME_AT + 2]
    length = int.from_bytes(wide, "little")
    name = raw[_EXCEL_NAME_AT + 2 : _EXCEL_NAME_AT + 2 + 2 * length]
    if length and len(name) == 2 * length:
        return name.decode("utf-16-le", errors="replace").strip()
    return raw[1 : 1 + raw[0]].decode("cp1252", errors="replace").strip() if raw else ""


def _ours(file: Path, journal: Journal | None) -> list[Holder]:
    if journal is None:
        return []
    with contextlib.suppress(OSError):
        return [
            Holder("Budgetinator", "", f"process {entry.pid} on {entry.host}")
            for entry in journal.entries(alive_only=True)
            if entry.pid != os.getpid() and _same(entry.path, file)
        ]
    return []


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _read(path: Path) -> bytes | None:
    """The file's first bytes, or None if there is none, or none that may be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return None
