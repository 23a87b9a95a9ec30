"""What plugins and their files may be called, the same on every system."""

from __future__ import annotations

import re

__all__ = ["ID", "is_portable"]

ID = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
"""What an id may be: also a Python name, and the same on systems that fold case."""

_NOT_IN_NAMES = frozenset('<>:"|?*\\')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}
)


def is_portable(name: str) -> bool:
    """Whether every system can have a file of this name: Windows has devices called nul.txt."""
    if not name or not name.isprintable() or _NOT_IN_NAMES.intersection(name):
        return False
    return name[-1] not in ". " and name.partition(".")[0].rstrip().lower() not in _DEVICES
