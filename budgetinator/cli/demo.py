"""`budgetinator demo`: one workbook from its making to its closing, with the account of it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import bytes_text, print_json, print_lines, print_table, waiting
from budgetinator.cli.sweeping import sweep
from budgetinator.errors import WindowUnavailable

if TYPE_CHECKING:
    from budgetinator.budgets.findings import Finding
    from budgetinator.budgets.reading import ReadBudget
    from budgetinator.runtime import Runtime
    from budgetinator.workbooks import ExcelManager, SaveReport

__all__ = ["command"]

_NAME = "sample-consortium.xlsx"
_SHEET = "P2-L'ORE"
_CELL = "D7"
_NEW_RATE = 5400
_SHOWN_ROWS = 18
_FIGURES = {
    "person_months": "PM",
    "total_eligible": "eligible cost",
    "maximum_contribution": "maximum",
    "requested_contribution": "requested",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the process holds at one moment; bytes, and numbers of things."""

    components: int
    resources: int
    tracked_bytes: int
    journal_rows: int
    descriptors: int
    python_blocks: int
    resident_bytes: int


@dataclass(slots=True)
class _Account:
    """What the demonstration did, as its JSON has it."""

    file: str
    partners: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0
    sheets: int = 0
    cells: int = 0
    formulas: int = 0
    tracked: list[dict[str, Any]] = field(default_factory=list)
    change: dict[str, Any] = field(default_factory=dict)
    saved: dict[str, Any] = field(default_factory=dict)
    readings: dict[str, Any] = field(default_factory=dict)
    released: dict[str, Any] = field(default_factory=dict)
    kept: bool = False


@click.command("demo", cls=Command)
@click.option("--keep", metavar="DIR", help="Make the workbook in this folder and leave it there.")
@click.option(
    "--window/--no-window",
    default=None,
    help="Show it in the window at the end; by default where there is a screen.",
)
def command(keep: str | None, window: bool | None, as_json: bool) -> int:
    """Make the budget of six partners, print it, find the three errors that were planted in it.

    Then open the workbook, show a part, change a cell, save and close it, and say what was
    tracked and what was given back. The workbook holds inputs, formulas with their results, and
    formats.

    JSON: file, partners (a list of number, acronym, person_months, total_eligible,
    maximum_contribution, requested_contribution), findings (a list of rule,
    severity, place, what), size, sheets, cells, formulas, tracked, change, saved, readings
    (before, during and after, each with components, resources, tracked_bytes, journal_rows,
    descriptors, python_blocks, resident_bytes), released, kept.
    """
    with _folder(keep) as folder:
        path = folder / _NAME
        if os.path.lexists(path):
            raise click.UsageError(f"{path} exists already; choose another folder")
        account = _Account(str(path), kept=keep is not None)
        _make(path, account, quiet=as_json)
        _look(path, account, quiet=as_json)
        _work(path, account, quiet=as_json)
        code: int = Exit.DONE
        if window or (window is None and not as_json and _has_screen()):
            code = _show(path, asked_for=bool(window))
    if as_json:
        print_json(asdict(account))
    else:
        _print_readings(account)
    return code


def _has_screen() -> bool:
    """Whether windows can be seen: on Linux that is said by the environment."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _show(path: Path, *, asked_for: bool) -> int:
    """The window with the workbook in it, until it is closed; its exit code."""
    from budgetinator.cli.open import load_door

    try:
        door = load_door("open")
    except WindowUnavailable as error:
        if asked_for:
            raise
        print_lines("", str(error), "")
        return Exit.DONE
    print_lines("", "The window shows it; close it to end the demonstration.", "")
    return door([str(path)])


@contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="budgetinator-demo-") as folder:
            yield Path(folder)
        return
    Path(keep).mkdir(parents=True, exist_ok=True)
    yield Path(keep)


def _make(path: Path, account: _Account, *, quiet: bool) -> None:
    from budgetinator.budgets.sample import write_sample
    from budgetinator.workbooks.reading.contents import describe

    with waiting("making a workbook"):
        write_sample(path)
    contents = describe(path)
    account.size, account.sheets = contents.size, len(contents.sheets)
    account.cells, account.formulas = contents.cells, contents.formulas
    if not quiet:
        print_lines(
            f"Made {path}: {account.sheets} sheets, {account.cells} cells, "
            f"{account.formulas} formulas, {bytes_text(account.size)}."
        )


def _look(path: Path, account: _Account, *, quiet: bool) -> None:
    """The budget and its errors, as `budgetinator budget` and `check` tell them in full."""
    from budgetinator.budgets.checks import findings_of
    from budgetinator.budgets.reading import read_budget
    from budgetinator.cli.money import amount_json

    read = read_budget(path, hidden=True)
    findings = findings_of(read)
    for each in read.partners:
        amounts = {name: getattr(each.figures, name) for name in _FIGURES}
        account.partners.append(
            {
                "number": each.partner.number,
                "acronym": each.partner.acronym,
                **{name: amount_json(amount) for name, amount in amounts.items()},
            }
        )
    account.findings = [
        {"rule": each.rule, "severity": each.severity, "place": each.place, "what": each.what}
        for each in findings
    ]
    if not quiet:
        _print_budget(read, findings)


def _print_budget(read: ReadBudget, findings: tuple[Finding, ...]) -> None:
    from budgetinator.budgets.sample import PLANTED
    from budgetinator.cli.money import amount_text

    rows = [
        (partner, *(amount_text(getattr(sums, name), "en") for name in _FIGURES))
        for partner, sums in (
            *((each.partner.acronym, each.figures) for each in read.partners),
            ("Consortium", read.consortium),
        )
    ]
    print_lines("", f"Its budget in EUR, by the rules {read.rules.name}:", "")
    print_table(("partner", *_FIGURES.values()), rows, right=range(1, 5))
    print_lines("", f"What is wrong with it, where {len(PLANTED)} errors were planted:", "")
    print_table(("where", "what"), [(each.place, each.what) for each in findings])


def _work(path: Path, account: _Account, *, quiet: bool) -> None:
    from budgetinator.runtime import default_runtime, force_system_cleanup

    runtime = default_runtime()
    sweep(runtime)
    _warm_up(runtime)
    force_system_cleanup()
    account.readings["before"] = asdict(_reading(runtime))
    part, report = _round(path, runtime, account)
    account.released = dict(force_system_cleanup())
    account.readings["after"] = asdict(_reading(runtime))
    if not quiet:
        heading = f"The first {_SHOWN_ROWS} rows of {_SHEET}, with formulas as they stand:"
        print_lines("", heading, "", *part, "")
        _print_work(account, report)


def _warm_up(runtime: Runtime) -> None:
    """A round on another file, so that what is loaded once counts before and not after."""
    from budgetinator.budgets.sample import write_sample

    with tempfile.TemporaryDirectory(prefix="budgetinator-demo-") as folder:
        path = Path(folder, _NAME)
        write_sample(path)
        _round(path, runtime, _Account(str(path)))


def _round(path: Path, runtime: Runtime, account: _Account) -> tuple[list[str], SaveReport]:
    """Open, look, change a cell, save, close; the part that was looked at, and the save."""
    from budgetinator.budgets.results import save_with_results
    from budgetinator.workbooks import ExcelManager

    with ExcelManager(path, service=runtime.surroundings) as manager:
        part = _part(manager)
        sheet = manager.get_sheet_by_name(_SHEET)
        before, sheet[_CELL] = sheet[_CELL].value, _NEW_RATE
        report = save_with_results(manager)
        account.readings["during"] = asdict(_reading(runtime))
        account.tracked = _tracked(runtime)
        del sheet
    account.change = {"cell": f"{_SHEET}!{_CELL}", "before": before, "after": _read_back(path)}
    account.saved = _save_facts(report)
    return part, report


def _reading(runtime: Runtime) -> _Reading:
    from budgetinator.memory import process_reading

    snapshot = runtime.service.snapshot()
    rows = runtime.journal.entries(alive_only=True) if runtime.journal else ()
    process = process_reading(brief=True)
    return _Reading(
        components=len(snapshot.components),
        resources=snapshot.active_resources,
        tracked_bytes=snapshot.memory_bytes,
        journal_rows=sum(row.pid == os.getpid() for row in rows),
        descriptors=process.open_descriptors,
        python_blocks=sys.getallocatedblocks(),
        resident_bytes=process.rss,
    )


def _tracked(runtime: Runtime) -> list[dict[str, Any]]:
    return [
        {
            "component": resource.component_id,
            "type": resource.resource_type.value,
            "name": resource.name,
            "bytes": resource.size_bytes,
        }
        for resource in runtime.service.snapshot().resources()
    ]


def _read_back(path: Path) -> Any:
    """The cell as the file has it now."""
    from budgetinator.workbooks.addresses import parse_cell
    from budgetinator.workbooks.reading.values import iter_cells

    row, column = parse_cell(_CELL)
    cells = iter_cells(path, _SHEET)
    return next((c.value for c in cells if (c.row, c.column) == (row, column)), None)


def _save_facts(report: SaveReport) -> dict[str, Any]:
    return {
        "how": report.how,
        "bytes_written": report.bytes_written,
        "seconds": round(report.seconds, 4),
        "recalculates": report.recalculates,
    }


def _part(manager: ExcelManager) -> list[str]:
    """The upper rows of one partner's sheet."""
    from budgetinator.cli.grid import Fit, Grid
    from budgetinator.workbooks.reading.values import iter_values

    rows = enumerate(iter_values(manager.workbook, _SHEET), 1)
    part = ((n, row[1:9]) for n, row in rows if n <= _SHOWN_ROWS and any(row[1:9]))
    return [line.plain for line in Grid(part, 2, Fit(line=100, column=22, ellipsis="~")).lines()]


def _print_work(account: _Account, report: SaveReport) -> None:
    change = account.change
    print_lines(
        f"Changed {change['cell']}: {change['before']} -> {change['after']}, "
        f"and saved {bytes_text(report.bytes_written)} in {report.seconds:.2f} s.",
        "",
        "Tracked while it was open:",
    )
    rows = [
        (t["component"], t["type"], t["name"] or "", bytes_text(t["bytes"] or 0))
        for t in account.tracked
    ]
    print_table(("component", "type", "resource", "size"), rows, right=[3])


def _print_readings(account: _Account) -> None:
    before, during, after = (account.readings[when] for when in ("before", "during", "after"))
    rows = [
        (
            name.replace("_", " "),
            *(_text(name, reading[name]) for reading in (before, during, after)),
        )
        for name in before
    ]
    print_lines("")
    print_table(("held", "before", "during", "after"), rows, right=[1, 2, 3])
    returned = during["resident_bytes"] - after["resident_bytes"]
    left = after["descriptors"] - before["descriptors"]
    print_lines(
        "Before is after a round on another such workbook, which loads what is loaded once.",
        "",
        f"{bytes_text(max(0, returned))} of memory returned, {after['resources']} resources and "
        f"{left} descriptors left over.",
        f"The workbook is {account.file}." if account.kept else "The workbook was removed.",
    )


def _text(name: str, amount: int) -> str:
    return bytes_text(amount) if "bytes" in name else str(amount)
