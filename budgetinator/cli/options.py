"""The options that every command has."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["Command"]


class Command(click.Command):
    """A command with `--json` and `--debug`.

    Its function takes `as_json` and returns an exit code. `--debug` is read by
    `budgetinator.cli.running`, which has to know of it before anything can fail.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
            click.Option(
                ["--debug"], is_flag=True, expose_value=False, help="Show where an error arose."
            ),
        ]
