"""`budgetinator completion`: the script that a shell needs."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from budgetinator.cli.commands import COMPLETION_VARIABLE, PROGRAM, root
from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json

__all__ = ["command"]


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str, as_json: bool) -> int:
    """Print the script that makes a shell complete this program's commands and options.

    For bash: budgetinator completion bash > ~/.local/share/bash-completion/completions/budgetinator

    JSON: shell, script.
    """
    found = get_completion_class(shell)
    assert found is not None
    script = found(root, {}, PROGRAM, COMPLETION_VARIABLE).source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        print(script)
    return Exit.DONE
