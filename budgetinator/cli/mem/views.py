"""A scene for people: drawn anew on a terminal, or a line for each reading elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Protocol

from budgetinator.cli.mem.scene import Event, Scene, Seen
from budgetinator.cli.output import bytes_text, console, visible

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["Lines", "Live", "Silent", "View"]

SHOWN_EVENTS = 8


class View(Protocol):
    """Shows a scene after each look, from `with` to its end."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, scene: Scene, happened: Sequence[Event]) -> None: ...

    def tell(self, text: str) -> None:
        """Show a line that the watched command wrote."""


class Silent:
    """Shows nothing: the document comes at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    def show(self, scene: Scene, happened: Sequence[Event]) -> None:
        """Nothing."""

    def tell(self, text: str) -> None:
        """Nothing."""


class Lines(Silent):
    """A line for each event and each process, with the time of day in front."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def show(self, scene: Scene, happened: Sequence[Event]) -> None:
        """Write the lines at once, so that another program can follow."""
        clock = time.strftime("%H:%M:%S")
        for event in happened:
            self._write(f"{clock}  {event.pid}  {event.what}")
        for seen in scene.alive:
            figures = "  ".join(f"{name} {value}" for name, value in _figures(seen))
            self._write(f"{clock}  {seen.pid}  {seen.program}  {figures}")
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(visible(text) + "\n")


class Live(Silent):
    """Tables that are drawn anew on a terminal; the last of them stays."""

    def __init__(self, stream: IO[str]) -> None:
        from rich.live import Live as RichLive

        self._live = RichLive(
            console=console(stream),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def show(
        self,
        scene: Scene,
        happened: Sequence[Event],  # noqa: ARG002  the scene keeps them
    ) -> None:
        """Draw the processes, their workbooks and the latest events."""
        self._live.update(_drawn(scene), refresh=True)

    def tell(self, text: str) -> None:
        """Write the line above the tables."""
        self._live.console.print(visible(text), soft_wrap=True)


def _figures(seen: Seen) -> list[tuple[str, str]]:
    latest = seen.latest
    return [
        ("resident", bytes_text(latest.rss)),
        ("growth", f"{'+' if seen.growth >= 0 else ''}{bytes_text(seen.growth)}"),
        ("peak", bytes_text(seen.peak)),
        ("descriptors", "?" if latest.descriptors is None else str(latest.descriptors)),
        ("threads", str(latest.threads)),
        ("workbooks", str(len(seen.workbooks))),
    ]


def _drawn(scene: Scene) -> RenderableType:
    from rich.console import Group

    parts = [_processes(scene)]
    if any(seen.workbooks for seen in scene.alive):
        parts.append(_workbooks(scene))
    if scene.events:
        parts.append(_events(scene))
    return Group(*parts)


def _table(columns: Sequence[tuple[str, str]]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    return table


def _processes(scene: Scene) -> Table:
    names = ("resident", "growth", "peak", "descriptors", "threads", "workbooks")
    right = [(name, "right") for name in names]
    table = _table([("pid", "right"), ("program", "left"), *right])
    for seen in scene.alive:
        figures = [value for _, value in _figures(seen)]
        style = "yellow" if seen.over else None
        table.add_row(str(seen.pid), visible(seen.program), *figures, style=style)
    if not scene.alive:
        table.add_row("", "nothing to be seen yet", *[""] * len(names), style="dim")
    return table


def _workbooks(scene: Scene) -> Table:
    table = _table([("pid", "right"), ("mode", "left"), ("size", "right"), ("workbook", "left")])
    for seen in scene.alive:
        for book in seen.workbooks:
            size = "" if book.size is None else bytes_text(book.size)
            table.add_row(str(seen.pid), book.mode or "", size, visible(book.file))
    return table


def _events(scene: Scene) -> Table:
    table = _table([("after", "right"), ("pid", "right"), ("event", "left")])
    for event in list(scene.events)[-SHOWN_EVENTS:]:
        table.add_row(f"{event.at:.1f} s", str(event.pid), visible(event.what))
    return table
