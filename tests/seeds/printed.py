"""Examples run as they are printed: the text stands in the test, and what it binds is looked at."""

from __future__ import annotations

import textwrap
from typing import Any

__all__ = ["as_printed", "run_printed"]


def as_printed(block: str) -> str:
    """A block without the indentation that it shares and without blanks at the ends of lines."""
    lines = (line.rstrip() for line in textwrap.dedent(block.expandtabs()).splitlines())
    return "\n".join(lines).strip("\n")


def run_printed(block: str, **names: Any) -> dict[str, Any]:
    """Run an example with these names defined before it; all names that there are after it."""
    namespace: dict[str, Any] = {"__name__": "printed", **names}
    exec(compile(as_printed(block), "<printed>", "exec"), namespace)
    return namespace
