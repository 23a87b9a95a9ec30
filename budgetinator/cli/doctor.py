"""`budgetinator doctor`: what this machine has and lacks."""

from __future__ import annotations

from dataclasses import asdict

import click

from budgetinator.cli.checks import Check, all_checks
from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table, waiting

__all__ = ["command"]

_STYLES = {"ok": "", "note": "yellow", "missing": "red"}


@click.command("doctor", cls=Command)
def command(as_json: bool) -> int:
    """Check Python, the libraries, the state folder, locks, memory readings and the window's needs.

    Exit code 1 if something that is needed is missing; what is only optional is noted.

    JSON: checks (a list of name, state, found, remedy; state is ok, note or missing),
    missing (the names of those that are needed).
    """
    with waiting("looking at this machine"):
        checks = list(all_checks())
    missing = [check.name for check in checks if check.state == "missing"]
    if as_json:
        print_json({"checks": [asdict(check) for check in checks], "missing": missing})
    else:
        _print(checks, missing)
    return Exit.FINDINGS if missing else Exit.DONE


def _print(checks: list[Check], missing: list[str]) -> None:
    rows = [(check.state, check.name, check.found, check.remedy or "") for check in checks]
    styles = [_STYLES[check.state] for check in checks]
    print_table(("state", "what", "found", "what to do"), rows, styles=styles)
    if missing:
        print_lines(f"Missing: {', '.join(missing)}.")
    else:
        print_lines("Everything that is needed is here.")
