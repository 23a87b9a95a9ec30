"""`budgetinator overview`: the overviews brought to the partners' sheets as they are."""

from __future__ import annotations

import click

from budgetinator.cli.operating import DRY_RUN, FILE, Group, operate

__all__ = ["command"]


@click.group("overview", cls=Group)
def command() -> None:
    """The budget overview and the PM overview.

    Its command takes --json; whatever fails, the file is as it was.

    JSON: one document; `budgetinator overview update --help` names its keys.
    """


@command.command("update")
@FILE
@DRY_RUN
def update(file: str, dry_run: bool, as_json: bool) -> int:
    """Link every partner's row to its sheet, clear the rows of partners that are gone, sum up.

    Missing overviews are made. Figures that were typed over links are replaced and shown.

    JSON: file, saved (the path, or null after --dry-run), summary, version, created and
    removed (sheets), lost, changes (a list of cell, before, after), bytes_written.
    """
    from budgetinator.budgets.partners import update_overviews

    return operate(file, update_overviews, dry_run=dry_run, as_json=as_json)
