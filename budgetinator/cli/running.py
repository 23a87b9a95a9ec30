"""One run of the command line, from its words to its exit code.

Click's own `main` is not used: it answers a closed pipe with exit code 1, an
interrupt with another, and would have printed errors in its own form.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from budgetinator.cli.commands import COMPLETION_VARIABLE, PROGRAM, root
from budgetinator.cli.exits import Exit
from budgetinator.cli.failures import report, tell
from budgetinator.cli.output import print_json
from budgetinator.cli.signals import ending_signals_raise

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What has to be known before the words are parsed, in case that fails."""

    as_json: bool
    debug: bool

    @classmethod
    def among(cls, words: Sequence[str]) -> _Wishes:
        options = list(words[: words.index("--")]) if "--" in words else words
        return cls("--json" in options, "--debug" in options)


def run(words: list[str]) -> int:
    """The exit code of the command that the words are; see `budgetinator.cli.main`."""
    wishes = _Wishes.among(words)
    for name in ("stdout", "stderr"):
        _prepare(name)
    with ending_signals_raise(), _log_on_stderr(wishes.debug):
        try:
            return _ended(words, wishes)
        except BrokenPipeError:
            _forget_stdout()
            return Exit.DONE
        except KeyboardInterrupt:
            tell("Interrupted; every file is whole.")
            return Exit.INTERRUPTED
        except SystemExit as ending:
            return ending.code if isinstance(ending.code, int) else Exit.FAULT


def _ended(words: list[str], wishes: _Wishes) -> int:
    try:
        try:
            code = _called(words)
        finally:
            _close_runtime()
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as ending:
        sys.stdout.flush()
        return ending.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        return _wrong_call(error, wishes)
    except BrokenPipeError:
        raise
    # The top of the program: whatever comes here is told in a line, with --debug in full.
    except Exception as error:  # noqa: BLE001 - said above
        return _reported(error, wishes)


def _called(words: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, PROGRAM, COMPLETION_VARIABLE, instruction)
    with root.make_context(PROGRAM, words) as context:
        code = root.invoke(context)
    return code if isinstance(code, int) else Exit.DONE


def _wrong_call(error: click.ClickException, wishes: _Wishes) -> int:
    command = PROGRAM
    if isinstance(error, click.UsageError) and error.ctx is not None:
        command = error.ctx.command_path
    message = " ".join(error.format_message().split())
    tell(f"{message.rstrip('.')}; see {command} --help.")
    if wishes.as_json:
        code = int(Exit.WRONG_CALL)
        print_json({"error": {"type": "WrongCall", "message": message, "exit_code": code}})
        sys.stdout.flush()
    return Exit.WRONG_CALL


def _reported(error: Exception, wishes: _Wishes) -> int:
    try:
        code = report(error, as_json=wishes.as_json, debug=wishes.debug)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except OSError:  # stdout itself is what fails, such as a full disk behind it
        _forget_stdout()
        return Exit.REFUSED


def _close_runtime() -> None:
    """Close what the command made; a command that needed no runtime has not imported it."""
    module = sys.modules.get("budgetinator.runtime")
    if module is not None:
        module.close_default_runtime()


def _prepare(name: str) -> None:
    """Make the stream take any character: what its encoding lacks is written as an escape.

    One that was closed before the start, as by `>&-`, is nowhere from then on.
    """
    stream = getattr(sys, name)
    if stream is None:
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  open until the end
        setattr(sys, name, stream)
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Nobody reads it any more: what is still in its buffer must not fail at the exit."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, sys.stdout.fileno())
        finally:
            os.close(null)


@contextlib.contextmanager
def _log_on_stderr(debug: bool) -> Iterator[None]:
    """The library's warnings as lines of this program; with `debug` all that it logs."""
    logger = logging.getLogger("budgetinator")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("budgetinator: %(message)s"))
    handler.setLevel(logging.DEBUG if debug else logging.WARNING)
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    if debug:
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates
