"""How commands print: text for people, JSON for programs, progress for those who wait.

Text from a workbook or a path is never written as it is: control characters, which a
terminal obeys, and directional marks, which rearrange a line, are written out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "as_json",
    "bytes_text",
    "console",
    "is_unicode",
    "print_json",
    "print_lines",
    "print_table",
    "visible",
    "waiting",
]

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text on one line, with whatever steers a terminal written out."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    sign = found[0]
    return _SHORT.get(sign) or (f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}")


def is_unicode(stream: IO[str]) -> bool:
    """Whether the stream can print every character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON that stdout can print."""
    return json.dumps(
        value, indent=indent, ensure_ascii=not is_unicode(sys.stdout), allow_nan=False
    )


def print_json(document: Any) -> None:
    """Print the one document of a command."""
    print(as_json(document, indent=2))


def print_lines(*lines: str) -> None:
    """Print each line as `visible` has it."""
    for line in lines:
        print(visible(line))


def console(stream: IO[str] | None = None) -> Console:
    """Rich's console for stdout or another stream: no markup, and nothing guessed."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream = stream or sys.stdout
    return Plain(
        file=stream,
        markup=False,
        highlight=False,
        emoji=False,
    )


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[int] = (),
    styles: Sequence[str] = (),
) -> None:
    """Print a table; `right` are columns of numbers, `styles` one for each row.

    A terminal gets it wrapped to its width, anything else one line for each row.
    """
    texts = [[visible(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(columns, texts, set(right), styles)
    else:
        _print_plain([list(columns), *texts], set(right))


def _print_rich(
    columns: Sequence[str], rows: list[list[str]], right: set[int], styles: Sequence[str]
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place in right else "left", overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*row, style=styles[number] if number < len(styles) else None)
    console().print(table)


def _print_plain(rows: list[list[str]], right: set[int]) -> None:
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for place, (text, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_len(text))
            cells.append(space + text if place in right else text + space)
        print("  ".join(cells).rstrip())


def bytes_text(size: int) -> str:
    """A size for people: 812 B, 24.3 KB, 1.2 GB."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if abs(amount) < 1024 or unit == "GB":
            break
        amount /= 1024
    return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show on stderr what is under way, if that is a terminal and it takes a while."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.live import Live
    from rich.spinner import Spinner

    spinner = Spinner("dots" if is_unicode(sys.stderr) else "line", visible(text))
    with Live(
        spinner,
        console=console(sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield
