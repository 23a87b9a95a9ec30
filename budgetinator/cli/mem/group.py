"""`budgetinator mem`: how much memory, for how long, and whether it comes back."""

from __future__ import annotations

from typing import ClassVar

import click

from budgetinator.cli.lazygroup import Entry, LazyGroup

__all__ = ["command"]


class _Group(LazyGroup):
    entries: ClassVar = {
        "status": Entry("mem.status", "This machine, our processes, and what each has open."),
        "watch": Entry("mem.watch", "Follow a process or a command as it runs."),
        "leaks": Entry(
            "mem.leaks", "Whether a function leaks, or a running program keeps growing."
        ),
        "bench": Entry(
            "mem.bench", "Open and close a workbook many times, and see what comes back."
        ),
    }


@click.group("mem", cls=_Group, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Memory: what there is, who has it, and whether it comes back.

    Each of the commands takes --json, and all but status draw a picture with --plot
    PATH, as SVG or PNG.

    JSON: one document each; `budgetinator mem COMMAND --help` names its keys.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
