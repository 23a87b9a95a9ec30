"""`budgetinator mem watch`: processes followed as they run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.mem.charts import Chart, Line, Panel, plot_option, write_chart
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, visible

if TYPE_CHECKING:
    from budgetinator.cli.mem.journal import OpenFile
    from budgetinator.cli.mem.scene import Scene, Seen
    from budgetinator.cli.mem.started import StartedCommand
    from budgetinator.cli.mem.views import View

__all__ = ["command"]

MB = 1024 * 1024
SHOWN_LINES = 4
SHOWN_MARKS = 12


@click.command("watch", cls=Command)
@click.option(
    "--interval",
    type=click.FloatRange(0.05, 3600),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End after so long.")
@click.option("--above", type=click.IntRange(1), metavar="MB", help="Tell when a process is over.")
@click.option("--plot", callback=plot_option, metavar="PATH", help="Draw an .svg or .png.")
@click.argument("target", nargs=-1, metavar="[PID | -- COMMAND...]")
def command(
    interval: float,
    seconds: float | None,
    above: int | None,
    plot: Path | None,
    target: tuple[str, ...],
    as_json: bool,
) -> int:
    """Follow processes: their memory, their open workbooks, and what happens.

    A number is a process, anything else a command that is started; without either, all our
    processes that have a workbook open are followed. Processes below them are shown too.
    It ends with the process, after --seconds, or with Ctrl-C; a command that still runs is
    ended with it. --above is the setting memory_threshold_mb unless given.

    On a terminal the view is drawn anew; elsewhere each look is a line for each process. What
    is shown of a COMMAND goes to stderr, so that its own output stays what it is. The exit
    code is the command's own, 128 and more after a signal, 130 after Ctrl-C; without a
    command it is 0.

    JSON: at the end: target (pid or command), seconds, exit_code (null unless a command ended),
    processes (a list of pid, program, first_rss, peak, ended, readings: at, rss, descriptors,
    threads, children, children_rss), events (a list of at, pid, what), workbooks (still open: pid,
    file, mode, size, since, component). Sizes are bytes, `at` seconds after the begin;
    the latest 3,600 readings of a process and 500 events are kept.
    """
    from budgetinator.cli.mem.outside import asked_process
    from budgetinator.cli.mem.scene import Scene

    process = asked_process(target)
    threshold = (above or _threshold()) * MB
    _workbooks()  # the record is found and opened before anything is started, and missed
    child: StartedCommand | None = None
    with contextlib.ExitStack() as stack:
        if target and process is None:
            child = stack.enter_context(_start(target, as_json=as_json))
        pid = child.pid if child is not None else process.pid if process is not None else None
        scene = Scene(_open_anywhere if pid is None else lambda: [pid], _workbooks, threshold)
        code = None
        with _view(child, as_json=as_json) as view:
            try:
                _follow(scene, view, child, interval, seconds, named=bool(target))
                code = None if child is None else child.code
            except KeyboardInterrupt:
                code = None if child is None else Exit.INTERRUPTED
    lasted = time.monotonic() - scene.began
    if plot is not None:
        write_chart(_chart(scene, target), plot)
    if as_json:
        print_json(_document(scene, target, lasted, code))
    return Exit.DONE if code is None else code


def _start(words: tuple[str, ...], *, as_json: bool) -> StartedCommand:
    """Its output goes where it always goes; what would go through the view comes by pipe."""
    from budgetinator.cli.mem.started import StartedCommand

    if as_json:  # stdout is the document's
        return StartedCommand(words, stdout=sys.stderr)
    if not sys.stderr.isatty():
        return StartedCommand(words)
    stdout = subprocess.PIPE if sys.stdout.isatty() else None
    return StartedCommand(words, stdout=stdout, stderr=subprocess.PIPE)


def _view(child: StartedCommand | None, *, as_json: bool) -> View:
    from budgetinator.cli.mem.views import Lines, Live, Silent

    if as_json:
        return Silent()
    stream = sys.stdout if child is None else sys.stderr
    return Live(stream) if stream.isatty() else Lines(stream)


def _follow(
    scene: Scene,
    view: View,
    child: StartedCommand | None,
    interval: float,
    seconds: float | None,
    *,
    named: bool,
) -> None:
    """Look until the process has ended, or the time is up; without one, until that."""
    from budgetinator.cli.mem.relaying import Relay

    relay = Relay(child) if child is not None else None
    happened = scene.look()
    due = time.monotonic()
    end = float("inf") if seconds is None else due + seconds
    while True:
        if relay is not None:
            relay.show(view)
        view.show(scene, happened)
        now = time.monotonic()
        if now >= end or (named and not scene.alive) or (child and child.code is not None):
            break
        due = max(due + interval, now)
        pause = min(due, end) - now
        if child is None:
            time.sleep(pause)
        else:
            child.wait(pause)
        happened = scene.look()
    if relay is not None and child is not None and child.code is not None:
        relay.finish(view)


def _threshold() -> int:
    from budgetinator.config import load_settings

    return load_settings().settings.memory_management.memory_threshold_mb


def _workbooks() -> Mapping[int, list[OpenFile]]:
    from budgetinator.cli.mem.journal import open_workbooks
    from budgetinator.runtime import default_runtime

    journal = default_runtime().journal
    return open_workbooks(journal.entries() if journal is not None else ())


def _open_anywhere() -> list[int]:
    return [pid for pid in _workbooks() if pid != os.getpid()]


def _document(
    scene: Scene, target: tuple[str, ...], lasted: float, code: int | None
) -> dict[str, Any]:
    return {
        "target": list(target),
        "seconds": round(lasted, 3),
        "exit_code": code,
        "processes": [_process(seen, scene.began) for seen in scene.processes.values()],
        "events": [{**asdict(event), "at": round(event.at, 3)} for event in scene.events],
        "workbooks": [
            {"pid": seen.pid, **asdict(book)} for seen in scene.alive for book in seen.workbooks
        ],
    }


def _process(seen: Seen, began: float) -> dict[str, Any]:
    return {
        "pid": seen.pid,
        "program": seen.program,
        "first_rss": seen.first_rss,
        "peak": seen.peak,
        "ended": seen.ended,
        "readings": [
            {**asdict(reading), "at": round(reading.at - began, 3)} for reading in seen.readings
        ],
    }


def _chart(scene: Scene, target: tuple[str, ...]) -> Chart:
    """The first processes' memory, and the first one's descriptors and threads."""
    shown = list(scene.processes.values())[:SHOWN_LINES]
    began = scene.began
    memory = [
        Line(
            visible(f"{seen.program} {seen.pid}"),
            [(reading.at - began, reading.rss / MB) for reading in seen.readings],
        )
        for seen in shown
    ]
    first = shown[0].readings if shown else ()
    counts = [
        Line("descriptors", [(each.at - began, each.descriptors or 0) for each in first]),
        Line("threads", [(each.at - began, each.threads) for each in first]),
    ]
    marks = [
        (event.at, visible(os.path.basename(event.what.partition(" (")[0])))
        for event in scene.events
        if event.what.startswith("opened ")
    ]
    name = memory[0].name if memory else "nothing"
    panels = [Panel("resident, MB", memory), Panel(f"open in {name}", counts)]
    title = visible(" ".join(target)) or "processes that have a workbook open"
    return Chart(title, "seconds", panels, marks[:SHOWN_MARKS])
