"""Text for other programs: printed as it is, or a file written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from budgetinator.cli.output import print_lines
from budgetinator.errors import SaveError

__all__ = ["print_text", "refuse_input", "write_text"]


def print_text(pieces: Iterable[str]) -> None:
    """Print text for other programs as it is; a terminal gets its lines as `visible` has them."""
    is_terminal = sys.stdout.isatty()
    for piece in pieces:
        if is_terminal:
            print_lines(*piece.splitlines())
        else:
            sys.stdout.write(piece)


def write_text(path: str, pieces: Iterable[str], *, overwrite: bool) -> None:
    """Write the pieces in UTF-8, with the ends of lines that they have.

    UsageError where there is a file and it may not be replaced; SaveError where the system
    refuses, and then there is what was there before.
    """
    target = Path(path)
    if os.path.lexists(target) and not overwrite:
        raise click.UsageError(f"{path} exists already; give another name, or --overwrite")
    try:
        _write(target, pieces)
    except OSError as error:
        raise SaveError(
            f"{path} cannot be written: {error.strerror}; choose another place.",
            path=path,
            errno=error.errno,
        ) from error


def refuse_input(output: str, files: Iterable[str]) -> None:
    """Raise UsageError for an output that is one of the files which are read, whatever is said.

    A report in the place of a workbook would be the end of its figures.
    """
    for file in files:
        if _is_same(file, output):
            raise click.UsageError(f"{output} is one of the files that are read; give another name")


def _is_same(file: str, other: str) -> bool:
    try:
        return os.path.samefile(file, other)
    except OSError:
        return False


def _write(target: Path, pieces: Iterable[str]) -> None:
    folder = target.parent
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=folder)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="", errors="backslashreplace") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode(target))  # a temporary file is for its owner alone
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """That of the file which is replaced, or of a new one."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
