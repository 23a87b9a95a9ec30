"""Kill a process at random moments of a save, and say what it left: `FOLDER COUNT SEED`."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from budgetinator.workbooks.saving.replacing import replace_durably
from tests.workbooks.saving.recording import (
    FileJournal,
    archive,
    generation_of,
    temporaries,
    verify,
)


@dataclass
class Tally:
    """What was found after all the kills."""

    kills: int = 0
    within_a_save: int = 0
    corrupt: int = 0
    saves: int = 0
    temporaries: int = 0
    without_row: int = 0
    lost: int = 0


def kill_saves(folder: Path, count: int, seed: int) -> Tally:
    """Start a process that saves and saves, kill it, look, and start the next one.

    The moments are spread over ten saves, which follow each other without a pause,
    so that nearly each kill hits one.
    """
    target, locks, journal = folder / "budget.xlsx", folder / "locks", FileJournal(folder / "rows")
    replace_durably(target, archive(1), verify=verify, lock_dir=locks)
    tally, chance, last = Tally(), random.Random(seed), 1
    for _ in range(count):
        journal.path.unlink(missing_ok=True)
        told = _run_and_kill(target, locks, journal, chance)
        tally.kills += 1
        tally.saves += len(told)
        try:
            generation = generation_of(target)
        except Exception:  # noqa: BLE001 - any reason not to be read is what is looked for
            tally.corrupt += 1
        else:
            last = told[-1] if told else last
            tally.lost += generation not in (last, 2 if not told else last + 1)
            last = generation
        left, rows = temporaries(folder), set(journal.open_rows())
        tally.within_a_save += bool(rows)
        tally.temporaries += len(left)
        tally.without_row += len(set(left) - rows)
        for name in left:
            (folder / name).unlink()
    replace_durably(target, archive(9), verify=verify, lock_dir=locks, lock_timeout=1)
    return tally


def _run_and_kill(
    target: Path, locks: Path, journal: FileJournal, chance: random.Random
) -> list[int]:
    args = [sys.executable, "-m", "tests.workbooks.saving.one_save", target, locks, journal.path]
    with subprocess.Popen([*args, "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline()]  # it is under way now
        killer = threading.Timer(chance.uniform(0, 0.06), process.kill)
        killer.start()
        told += process.stdout.readlines()
        killer.join()
    words = [line.split() for line in told if line.endswith("\n")]
    assert all(word[0] == "saved" for word in words), told
    return [int(word[1]) for word in words]


if __name__ == "__main__":
    print(kill_saves(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))  # noqa: T201
