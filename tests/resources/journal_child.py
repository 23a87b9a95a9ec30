"""Another process that keeps the journal: `python -m tests.resources.journal_child TASK STATE ...`.

Each task says on its standard output how far it is, so that nobody has to guess when to kill it,
and ends when its standard input does, unless it ends by itself.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from budgetinator.resources.journal import TEMP_SUFFIX, Journal


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def write_workbook(path: Path, size: int = 40_000) -> None:
    """A small zip, written in two steps with a word in between, as a save would."""
    with zipfile.ZipFile(path, "x") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        say(".")
        package.writestr("xl/worksheets/sheet1.xml", os.urandom(size))


def save_for_ever(state: str, folder: str) -> None:
    """Open, save, let go of a workbook, again and again, with a dot after each step."""
    journal = Journal(state)
    target = Path(folder, f"budget-{os.getpid()}.xlsx")
    for number in range(1_000_000):
        opened = journal.opened(target, component_id=f"Child_{number}", mode="edit")
        say(".")
        temp = target.with_name(f".{target.name}.{number}{TEMP_SUFFIX}")
        saved = journal.intend_save(target, temp)
        say(".")
        write_workbook(temp)
        say(".")
        os.replace(temp, target)
        saved()
        say(".")
        opened()


def hold(state: str, folder: str) -> None:
    """Have one workbook open and one save half done until told to stop."""
    journal = Journal(state)
    target = Path(folder, f"held-{os.getpid()}.xlsx")
    undos = [journal.opened(target, component_id="Holder_1", mode="read", size_bytes=7)]
    temp = target.with_name(f".{target.name}{TEMP_SUFFIX}")
    undos.append(journal.intend_save(target, temp))
    temp.write_bytes(b"half of a workbook")
    say("held\n")
    sys.stdin.read()
    for undo in undos:
        undo()
    temp.unlink()
    journal.close()


def record_many(state: str, count: str) -> None:
    """Record `count` workbooks once told to begin, and keep them until told to stop."""
    journal = Journal(state)
    say("ready\n")
    sys.stdin.readline()
    for number in range(int(count)):
        journal.opened(f"/budgets/{os.getpid()}-{number}.xlsx", component_id="Many", mode="values")
    say("done\n")
    sys.stdin.read()
    os._exit(0)


def fork(state: str) -> None:
    """Fork with an open connection, while another thread records; say what each side sees."""
    journal = Journal(state)
    undo = journal.opened("/budgets/parent.xlsx", component_id="Parent", mode="edit")
    stop = threading.Event()
    busy = threading.Thread(target=record_until, args=(journal, stop))
    busy.start()
    child = os.fork()
    if child == 0:
        inherited = [fd for fd in os.listdir("/proc/self/fd") if is_of_journal(fd)]
        undo()
        recorder = threading.Thread(target=record_child, args=(journal,))
        recorder.start()
        recorder.join(10)
        os._exit(len(inherited))
    _, status = os.waitpid(child, 0)
    stop.set()
    busy.join()
    rows = [(entry.component_id, entry.pid == child, entry.alive) for entry in journal.entries()]
    undo()
    say(json.dumps({"status": status, "rows": sorted(rows), "problem": journal.problem}))
    journal.close()


def is_of_journal(descriptor: str) -> bool:
    try:
        return "journal.sqlite3" in os.readlink(f"/proc/self/fd/{descriptor}")
    except FileNotFoundError:
        return False


def record_child(journal: Journal) -> None:
    journal.opened("/budgets/child.xlsx", component_id="Child", mode="edit")


def record_until(journal: Journal, stop: threading.Event) -> None:
    while not stop.is_set():
        journal.opened("/budgets/thread.xlsx", component_id="Thread", mode="read")()


def run_out_of_disk(state: str) -> None:
    """Record with files limited to nothing, then without the limit; say what happened."""
    heard: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("budgetinator").addHandler(listener)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = Journal(state, retry_after=0)
    before = journal.opened("/budgets/before.xlsx", component_id="Before", mode="edit")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    during = journal.opened("/budgets/during.xlsx", component_id="During", mode="edit")
    journal.intend_save("/budgets/during.xlsx", f"/budgets/.x{TEMP_SUFFIX}")()
    before()
    refused = journal.problem
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    rows = [entry.component_id for entry in journal.entries()]
    during()
    say(json.dumps({"refused": refused, "heard": heard, "rows": rows, "now": journal.problem}))
    journal.close()


def lose_leader(state: str) -> None:
    """End the main thread alone; the process lives on in another one."""
    import ctypes
    import platform

    threading.Thread(target=wait_without_leader, args=(state,)).start()
    exit_thread = {"x86_64": 60, "aarch64": 93}[platform.machine()]
    ctypes.CDLL(None).syscall(exit_thread, 0)


def wait_without_leader(state: str) -> None:
    while " Z " not in Path("/proc/self/stat").read_text():
        threading.Event().wait(0.001)
    say("alone\n")
    os.read(0, 1)
    os._exit(0)


TASKS: dict[str, Callable[..., None]] = {
    "save-for-ever": save_for_ever,
    "hold": hold,
    "record-many": record_many,
    "fork": fork,
    "run-out-of-disk": run_out_of_disk,
    "lose-leader": lose_leader,
}

if __name__ == "__main__":
    TASKS[sys.argv[1]](*sys.argv[2:])
