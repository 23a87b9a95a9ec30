"""`budgetinator mem`: how much memory, for how long, and whether it comes back."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["command"]

SUMMARIES = {
    "status": "This machine, our processes, and what each has open.",
    "watch": "Follow a process or a command as it runs.",
    "leaks": "Whether a function leaks, or a running program keeps growing.",
    "bench": "Open and close a workbook many times, and see what comes back.",
}


class _Group(click.Group):
    """Its commands by name; the module of each is imported when it is called or explained."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(SUMMARIES)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  click's signature
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        found: click.Command = import_module(f"budgetinator.cli.mem.{cmd_name}").command
        return found

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


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
