"""Save over a file: `TARGET LOCKS JOURNAL GENERATION [--limit BYTES] [--backup PATH]`.

Prints the error's class and errno, or "saved" and the generation. GENERATION 0 saves
one generation after the other, from 2 on, until it is killed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from budgetinator.errors import SaveError
from budgetinator.workbooks.saving.replacing import replace_durably
from tests.workbooks.saving.recording import FileJournal, archive, verify

MARK = "/the save begins"  # looked for in a trace of system calls


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("target", type=Path)
    parser.add_argument("locks", type=Path)
    parser.add_argument("journal", type=Path)
    parser.add_argument("generation", type=int)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--backup", type=Path)
    wanted = parser.parse_args()
    if wanted.limit:
        _limit_file_size(wanted.limit)
    if wanted.generation:
        import filelock  # noqa: F401 - its import is not the save

        os.path.exists(MARK)
        _save(wanted, wanted.generation)
        return
    for generation in range(2, 1_000_000):
        _save(wanted, generation)


def _limit_file_size(limit: int) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def _save(wanted: argparse.Namespace, generation: int) -> None:
    try:
        replace_durably(
            wanted.target,
            archive(generation),
            verify=verify,
            journal=FileJournal(wanted.journal),
            lock_dir=wanted.locks,
            backup=wanted.backup,
        )
    except SaveError as error:
        sys.stdout.write(f"{type(error).__name__} {error.errno}\n")
    else:
        sys.stdout.write(f"saved {generation}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
