"""The command line, `budgetinator`: one file a command, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` are the program's own by default.

    Never raises: what goes wrong becomes one line on stderr and an exit code
    (`budgetinator.cli.exits`). SIGTERM and SIGHUP end it with its clean-up run
    when it is called in the main thread.
    """
    try:
        from budgetinator.cli.running import run

        return run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:  # while this was being imported, or at the very end
        return 130
    except ModuleNotFoundError as error:  # click is needed before any error can be told in full
        print(f"budgetinator: The library {error.name} is not installed.", file=sys.stderr)
        return 4
