"""`budgetinator mem leaks`: a function looped by the leak rule, or a program watched by it."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.mem.charts import Chart, Line, Panel, plot_option, write_chart
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, visible, waiting
from budgetinator.errors import MonitorError

if TYPE_CHECKING:
    import psutil

    from budgetinator.cli.mem.started import StartedCommand
    from budgetinator.cli.mem.steady import Lows

__all__ = ["command"]

MB = 1024 * 1024
HELD = 5
UNITS = {"rss": "resident memory", "children_rss": "resident memory of its children"}


@click.command("leaks", cls=Command)
@click.option(
    "--interval",
    type=click.FloatRange(0.02, 60),
    default=0.1,
    show_default=True,
    help="Seconds between two looks at a program.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="How long: a function 2, a process 60, a command until it ends.",
)
@click.option("--plot", callback=plot_option, metavar="PATH", help="Draw an .svg or .png.")
@click.argument("target", nargs=-1, required=True, metavar="FILE.py::FUNCTION | PID | -- COMMAND")
def command(
    interval: float,
    seconds: float | None,
    plot: Path | None,
    target: tuple[str, ...],
    as_json: bool,
) -> int:
    """Find out whether a function leaks, or whether a running program keeps growing.

    FILE.py::FUNCTION is imported and called again and again in a process of its own. After a
    warm-up, three rounds must each leave more behind than the one before: blocks, objects,
    descriptors, threads or bytes. Then it leaks, and the lines that allocated are named.

    Of a PID or COMMAND only what the system tells can be measured: resident memory,
    descriptors, threads, children. It keeps growing if that rises through three thirds of the
    time after a warm-up, by the same rule. That is no proof: a program that still gathers its
    result looks the same. Running a command over and over proves nothing either, as all is
    given back when it ends; so it is run once, and must run for at least 46 looks.

    Exit code 0 nothing found, 1 something grows, 2 wrong call, 4 could not be judged.

    JSON: target, kind (function, process or command), verdict (clean, leaks or grows), seconds,
    findings. Of a function: calls, unmeasured, lines (file, line, size_mb, count), kept (types
    with what holds them), descriptors, threads; a finding has metric, growth_per_call (of each
    round), interval, p. Of a program: readings (their number), exit_code; a finding has metric,
    per_minute, rounds, p. Sizes are bytes unless named mb.
    """
    from budgetinator.cli.mem.outside import asked_process

    file, mark, name = target[0].rpartition("::") if len(target) == 1 else ("", "", "")
    process = asked_process(target)
    if mark and file.endswith(".py"):
        document, lows = _loop(Path(file), name, seconds or 2.0, interval)
    else:
        document, lows = _watch(target, process, seconds, interval)
    document = {"target": list(target), **document}
    if plot is not None:
        write_chart(_chart(visible(" ".join(target)), lows), plot)
    if as_json:
        print_json(document)
    else:
        _print(document)
    return Exit.FINDINGS if document["findings"] else Exit.DONE


def _loop(file: Path, name: str, seconds: float, interval: float) -> tuple[dict[str, Any], Lows]:
    """The verdict of the leak rule, and how the looping process looked from outside."""
    from budgetinator.cli.mem.outside import find_process
    from budgetinator.cli.mem.started import StartedCommand

    if not file.is_file():
        raise click.UsageError(f"There is no file {file}")
    module = "budgetinator.cli.mem.looping"
    with tempfile.TemporaryDirectory(prefix="budgetinator-") as folder:
        result = Path(folder, "result.json")
        words = [sys.executable, "-m", module, str(file), name, str(seconds), str(result)]
        with (
            waiting(f"calling {name} of {file}"),
            StartedCommand(words, stdout=sys.stderr) as child,
        ):
            lows = _sample(find_process(child.pid), child, None, interval)
        if not result.is_file():
            raise MonitorError(f"{file}::{name} ended its process, with exit code {child.code}")
        found = json.loads(result.read_text(encoding="utf-8"))
    if "wrong" in found:
        raise click.UsageError(found["wrong"])
    if "failed" in found:
        raise MonitorError(f"{file}::{name} raised {found['failed']}")
    verdict = "leaks" if found["findings"] else "clean"
    return {"kind": "function", "verdict": verdict, **found}, lows


def _watch(
    target: tuple[str, ...], process: psutil.Process | None, seconds: float | None, interval: float
) -> tuple[dict[str, Any], Lows]:
    """Whether a program kept growing while it was looked at."""
    from budgetinator.cli.mem.outside import find_process
    from budgetinator.cli.mem.started import StartedCommand
    from budgetinator.cli.mem.steady import LEAST_READINGS, steady_growth

    began = time.monotonic()
    child: StartedCommand | None = None
    with ExitStack() as stack:
        if process is None:
            child = stack.enter_context(StartedCommand(target, stdout=sys.stderr))
            process = find_process(child.pid)
        elif seconds is None:
            seconds = 60.0
        stack.enter_context(waiting(f"looking at {' '.join(target)}"))
        lows = _sample(process, child, seconds, interval)
        code = None if child is None else child.code
    if len(lows) < LEAST_READINGS:
        raise MonitorError(
            f"{' '.join(target)} could be looked at {len(lows)} times only, every {interval:g} s; "
            f"{LEAST_READINGS} are needed: let it run longer, or choose a shorter --interval"
        )
    findings = [asdict(growth) for growth in steady_growth(lows)]
    return {
        "kind": "process" if child is None else "command",
        "verdict": "grows" if findings else "clean",
        "seconds": time.monotonic() - began,
        "readings": len(lows),
        "exit_code": code,
        "findings": findings,
    }, lows


def _sample(
    process: psutil.Process | None,
    child: StartedCommand | None,
    seconds: float | None,
    interval: float,
) -> Lows:
    """Look at the process until it ends or the time is up."""
    from budgetinator.cli.mem.outside import read_process
    from budgetinator.cli.mem.steady import Lows

    lows = Lows()
    due = time.monotonic()
    end = float("inf") if seconds is None else due + seconds
    while process is not None and (now := time.monotonic()) < end:
        reading = read_process(process)
        if reading is None:
            break
        lows.add(reading)
        due = max(due + interval, now)
        pause = max(0.0, min(due, end) - time.monotonic())
        if child is None:
            time.sleep(pause)
        elif child.wait(pause):
            break
    if child is not None and seconds is None:
        child.wait()
    return lows


def _print(document: dict[str, Any]) -> None:
    target = " ".join(document["target"])
    if document["kind"] == "function":
        _print_function(target, document)
    else:
        _print_program(target, document)


def _print_function(target: str, found: dict[str, Any]) -> None:
    calls = f"{found['calls']} calls in {found['seconds']:.1f} s"
    if not found["findings"]:
        print_lines(f"{target} does not leak: nothing kept growing over {calls}.")
    else:
        print_lines(f"{target} leaks; with each of {calls} it kept:")
    for finding in found["findings"]:
        rounds = ", ".join(f"{growth:.3g}" for growth in finding["growth_per_call"])
        print_lines(f"  {finding['metric']}: {rounds} in each round (p {finding['p']:.1g})")
    if found["lines"]:
        print_lines("It was allocated at:")
    for line in found["lines"]:
        size = bytes_text(round(line["size_mb"] * MB))
        print_lines(f"  {line['file']}:{line['line']}  {size} in {line['count']} pieces")
    held = [path for each in found["kept"] for path in each["held_by"][:1]]
    if held:
        print_lines("It is held by:", *(f"  {path}" for path in held))
    for each in found["descriptors"][:HELD]:
        print_lines(f"  descriptor {each['descriptor']} of {each['path']}")
    if found["unmeasured"]:
        print_lines(f"Not measured on this system: {', '.join(found['unmeasured'])}.")


def _print_program(target: str, found: dict[str, Any]) -> None:
    lasted = f"{found['readings']} looks in {found['seconds']:.1f} s"
    if not found["findings"]:
        print_lines(f"{target} does not keep growing ({lasted}).")
    else:
        print_lines(f"{target} keeps growing ({lasted}):")
    for finding in found["findings"]:
        metric = finding["metric"]
        sized = metric in UNITS
        amount = finding["per_minute"]
        text = bytes_text(round(amount)) if sized else f"{amount:.3g}"
        print_lines(f"  {UNITS.get(metric, metric)}: {text} a minute (p {finding['p']:.1g})")
    if found["exit_code"]:
        print_lines(f"It ended with exit code {found['exit_code']}.")


def _chart(title: str, lows: Lows) -> Chart:
    began = lows.times[0] if lows.times else 0.0
    after = [at - began for at in lows.times]

    def line(name: str, metric: str, unit: int) -> Line:
        values = (value / unit for value in lows.of(metric))
        return Line(name, list(zip(after, values, strict=True)))

    memory = [line("process", "rss", MB)]
    if any(lows.of("children_rss")):
        memory.append(line("its children", "children_rss", MB))
    counts = [line(name, name, 1) for name in ("descriptors", "threads", "children")]
    panels = [Panel("resident, MB", memory), Panel("open", counts)]
    return Chart(title, "seconds", panels)
