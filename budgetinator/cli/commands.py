"""All commands by name; the module of each is imported when it is called or explained.

The one-line summaries stand here, so that `budgetinator --help` imports none of them.
"""

from __future__ import annotations

import click

from budgetinator import __version__
from budgetinator.cli.lazygroup import Entry, LazyGroup

__all__ = ["COMPLETION_VARIABLE", "ENTRIES", "PROGRAM", "root"]

PROGRAM = "budgetinator"
COMPLETION_VARIABLE = "_BUDGETINATOR_COMPLETE"
"""Set by the shell's script when it asks what could come next."""


ENTRIES = {
    "open": Entry("open", "The window, with a tab for each workbook."),
    "quick": Entry("quick", "A light window that needs no Qt: values, holders, memory."),
    "info": Entry("info", "What a workbook contains: sheets, sizes, charts, macros and more."),
    "show": Entry("show", "The values or formulas of a sheet or a range."),
    "set": Entry("set", "Change cells and save; everything else stays byte for byte."),
    "recalc": Entry("recalc", "Formulas computed by LibreOffice, their results put into the file."),
    "budget": Entry("budget", "What each partner costs and asks for, and the consortium's total."),
    "pm": Entry("pm", "Person-months, partners by work packages."),
    "check": Entry("check", "What is wrong with a budget; mends what can be mended safely."),
    "diff": Entry("diff", "What differs between two workbooks; takes over what you choose."),
    "export": Entry("export", "Budgets as CSV, JSON or Markdown."),
    "consolidate": Entry("consolidate", "The budgets of a folder in one table."),
    "lossy": Entry("lossy", "What no save can keep of a file."),
    "new": Entry("new", "A budget workbook to begin with, blank or from a template."),
    "partner": Entry("partner", "Partners added, changed, deleted, listed."),
    "wp": Entry("wp", "Work packages added, changed, deleted, listed."),
    "overview": Entry("overview", "The overviews brought to the partners' sheets."),
    "history": Entry("history", "The versions of a budget workbook."),
    "resources": Entry("resources", "What is open, and in which process."),
    "mem": Entry("mem.group", "Memory: what there is, who has it, and whether it comes back."),
    "plugins": Entry("plugins", "Plugins listed, trusted by hash, verified; none is run."),
    "config": Entry("config", "Every setting, its value, and where it came from."),
    "doctor": Entry("doctor", "What this machine has and lacks."),
    "demo": Entry("demo", "Make a sample budget, find its errors, change it, list what was held."),
    "completion": Entry("completion", "The script that completes commands in your shell."),
}


class _Root(LazyGroup):
    entries = ENTRIES


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"{PROGRAM} {__version__}")
        ctx.exit()


@click.group(
    PROGRAM,
    cls=_Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 findings, 2 wrong call, 3 locked or changed on disk, "
    "4 refused or damaged.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error arose.")
@click.pass_context
def root(ctx: click.Context) -> None:
    """Excel budget workbooks: looked at, changed and saved without losing anything."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
