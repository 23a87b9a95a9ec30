"""The options that every command has."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["Command", "PlainCommand"]


class PlainCommand(click.Command):
    """A command with `--debug`, which shows a window and prints nothing.

    Its function returns an exit code. `--debug` is read by `budgetinator.cli.running`,
    which has to know of it before anything can fail.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--debug"], is_flag=True, expose_value=False, help="Show where an error arose."
            )
        )


class Command(PlainCommand):
    """A command with `--json` and `--debug`; its function takes `as_json` as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.insert(
            -1, click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document.")
        )
