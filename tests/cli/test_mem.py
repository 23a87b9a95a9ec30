"""`budgetinator mem`: status, watch, leaks and bench, run as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, call, environment, run
from tests.workbooks.builders import make_workbook, truncate

HOLDER = (
    "import sys\n"
    "from budgetinator import ExcelManager\n"
    "with ExcelManager(sys.argv[1]) as manager:\n"
    "    manager.workbook\n"
    "    print('open', flush=True)\n"
    "    sys.stdin.readline()\n"
)
SUBJECTS = """
kept = []

def clean():
    return [str(number) for number in range(100)]

def leaky():
    kept.append([len(kept)])

async def waits():
    return 1

def wants(path):
    return path

def fails():
    raise ValueError("not today")

def ends():
    import os
    os._exit(3)
"""
GROWING = """
import sys, time
kept, began = [], time.monotonic()
while (now := time.monotonic() - began) < 3:
    if sys.argv[1] == "grows" or sys.argv[1] == "fills" and now < 1.4:
        kept.append(bytearray(400_000))
    elif sys.argv[1] == "steps" and now > 1.5 and not kept:
        kept.append(bytearray(60_000_000))
    time.sleep(0.02)
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that holds plan.xlsx until its stdin is closed."""
    script = tmp_path / "report.py"
    script.write_text(HOLDER)
    path = make_workbook(tmp_path / "plan.xlsx")
    with subprocess.Popen(
        [sys.executable, str(script), str(path)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        yield child
        assert child.stdin is not None
        child.stdin.close()


@pytest.fixture
def subjects(tmp_path: Path) -> Path:
    path = tmp_path / "subjects.py"
    path.write_text(SUBJECTS)
    return path


@pytest.fixture
def growing(tmp_path: Path) -> list[str]:
    path = tmp_path / "growing.py"
    path.write_text(GROWING)
    return [sys.executable, str(path)]


@pytest.mark.parametrize("name", ["status", "watch", "leaks", "bench"])
def test_each_command_explains_itself(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The help names the options and the keys of the JSON, and `mem` names the command."""
    ended = call(capsys, "mem", name, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"Usage: budgetinator mem {name} ")
    assert "JSON: " in ended.out
    assert ("--plot" in ended.out) == (name != "status")
    assert f"\n  {name} " in call(capsys, "mem").out


def test_status_tells_machine_processes_and_their_workbooks(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    """The process that holds a workbook stands there with its size and that workbook."""
    document = run("mem", "status", "--json").document
    machine = document["machine"]
    assert machine["used"] + machine["available"] == machine["total"]
    (process,) = document["processes"]
    assert (process["pid"], process["program"]) == (holder.pid, "report.py")
    assert process["peak"] >= process["rss"] > 5_000_000
    (book,) = process["workbooks"]
    assert (book["file"], book["mode"]) == (str(tmp_path / "plan.xlsx"), "edit")
    text = run("mem", "status").out
    assert re.search(rf"^{holder.pid}\s+report.py .* 1$", text, re.MULTILINE)
    assert str(tmp_path / "plan.xlsx") in text


def test_status_without_other_processes(capsys: pytest.CaptureFixture[str]) -> None:
    """A machine on which nobody works says so."""
    assert "No other process of ours has a workbook open." in call(capsys, "mem", "status").out


def test_watch_follows_a_process_by_its_number(holder: subprocess.Popen[str]) -> None:
    """Away from a terminal each look is a line, and so is each event."""
    lines = run("mem", "watch", str(holder.pid), "--interval", "0.1", "--seconds", "0.3").out
    assert re.search(rf"  {holder.pid}  opened .*plan.xlsx \(edit, ", lines)
    assert len(re.findall(rf"  {holder.pid}  report.py  resident [\d.]+ MB", lines)) >= 2


def test_watch_without_a_target_follows_who_has_a_workbook_open(
    holder: subprocess.Popen[str],
) -> None:
    """With --json there is one document at the end, with readings, events and workbooks."""
    words = ("mem", "watch", "--interval", "0.1", "--seconds", "0.3", "--above", "1", "--json")
    document = run(*words).document
    (process,) = document["processes"]
    assert process["pid"] == holder.pid
    assert len(process["readings"]) >= 2
    assert [book["pid"] for book in document["workbooks"]] == [holder.pid]
    whats = [event["what"] for event in document["events"]]
    assert whats[:2] == ["report.py runs", "report.py is over 1.0 MB"]


def test_watch_runs_a_command_and_ends_as_it_does(tmp_path: Path) -> None:
    """The command's output is untouched, the view goes to stderr, and its code is passed on."""
    program = "import sys, time; print('result'); time.sleep(0.3); sys.exit(5)"
    plot = tmp_path / "watch.svg"
    words = ["mem", "watch", "--interval", "0.1", "--plot", plot]
    ended = run(*words, "--", sys.executable, "-c", program)
    assert (ended.code, ended.out) == (5, "result\n")
    assert "resident" in ended.err
    assert plot.read_text().startswith("<svg ")


def test_watch_ends_a_command_that_outlives_its_time() -> None:
    """After --seconds nothing of what was started still runs."""
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    words = ("mem", "watch", "--interval", "0.1", "--seconds", "0.4", "--")
    ended = run(*words, sys.executable, "-c", program)
    assert ended.code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(ended.out), 0)


@pytest.mark.parametrize("target", ["process", "command"])
def test_watch_ends_cleanly_on_ctrl_c(holder: subprocess.Popen[str], target: str) -> None:
    """A watched process runs on and the code is 0; a started command ends, and it is 130."""
    started = ["--", "sleep", "60"]
    words = [str(holder.pid)] if target == "process" else started
    with subprocess.Popen(
        [*COMMAND, "mem", "watch", "--interval", "0.1", *words],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watcher:
        stream = watcher.stdout if target == "process" else watcher.stderr
        assert stream is not None
        stream.readline()
        watcher.send_signal(signal.SIGINT)
        out, err = watcher.communicate(timeout=30)
    assert watcher.returncode == (0 if target == "process" else 130)
    assert "Traceback" not in out + err
    assert holder.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of our own needs pty")
def test_watch_draws_on_a_terminal() -> None:
    """On a terminal the view is drawn anew, and what the command says stands above it."""
    import pty

    main, terminal = pty.openpty()
    program = "import time; print('said by the command'); time.sleep(0.4)"
    words = ["mem", "watch", "--interval", "0.1", "--", sys.executable, "-c", program]
    shown: list[bytes] = []

    def read() -> None:
        while True:
            try:
                shown.append(os.read(main, 65536))
            except OSError:  # the last one who had it open has ended
                return

    reader = threading.Thread(target=read)
    reader.start()
    env = environment(TERM="xterm", COLUMNS="120")
    done = subprocess.run(
        [*COMMAND, *words], env=env, stdin=terminal, stdout=terminal, stderr=terminal, check=False
    )
    os.close(terminal)
    reader.join(30)
    os.close(main)
    text = b"".join(shown).decode()
    assert done.returncode == 0
    assert text.count("said by the command") == 1
    assert "\x1b[2K" in text
    assert "descriptors" in text


def test_leaks_of_a_function(subjects: Path) -> None:
    """A leak is named with its growth, its line and what holds it; a clean function is clean."""
    ended = run("mem", "leaks", f"{subjects}::leaky", "--seconds", "1")
    assert ended.code == 1
    assert "objects: 1, 1, 1" in ended.out
    assert f"{subjects}:8" in ended.out
    assert "module subjects['kept']" in ended.out
    clean = run("mem", "leaks", f"{subjects}::clean", "--seconds", "1", "--json")
    assert (clean.code, clean.document["verdict"]) == (0, "clean")
    assert clean.document["calls"] > 100
    assert run("mem", "leaks", f"{subjects}::waits", "--seconds", "1").code == 0


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("wants", 2, "wants path"),
        ("nothing", 2, "no function 'nothing'; it has: clean, leaky, waits"),
        ("fails", 4, "raised ValueError: not today"),
        ("ends", 4, "ended its process, with exit code 3"),
    ],
)
def test_functions_that_cannot_be_judged(subjects: Path, name: str, code: int, told: str) -> None:
    """What is wrong is one line: a wrong call, or what the function did."""
    ended = run("mem", "leaks", f"{subjects}::{name}")
    assert ended.code == code
    assert told in ended.line


@pytest.mark.parametrize(("what", "code"), [("grows", 1), ("fills", 0), ("steps", 0), ("stays", 0)])
def test_leaks_of_a_command(growing: list[str], tmp_path: Path, what: str, code: int) -> None:
    """Steady growth is a finding; a cache that fills up, one step, and none are not."""
    plot = tmp_path / "growth.png"
    words = ["mem", "leaks", "--interval", "0.05", "--plot", plot, "--json", "--"]
    ended = run(*words, *growing, what, "6")
    assert ended.code == code
    document = ended.document
    assert (document["kind"], document["exit_code"]) == ("command", 6)
    metrics = [finding["metric"] for finding in document["findings"]]
    assert metrics == (["rss"] if code else [])
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_command_that_ends_at_once_cannot_be_judged() -> None:
    """It says how often it could be looked at, and what to do."""
    ended = run("mem", "leaks", "--", sys.executable, "-c", "pass")
    assert ended.code == 4
    assert "46 are needed" in ended.line


def test_bench_shows_what_comes_back(tmp_path: Path) -> None:
    """Times, the cost of an opening and its return, and no growth; the file is as it was."""
    path = make_workbook(tmp_path / "plan.xlsx", {"Plan": [(n, "x" * 20) for n in range(2_000)]})
    before = path.read_bytes()
    plot = tmp_path / "bench.png"
    ended = run("mem", "bench", path, "-n", "5", "--plot", plot, "--json")
    assert ended.code == 0
    document = ended.document
    assert document["cycles"] == len(document["readings"]["after"]) == 5
    assert document["open_seconds"]["median"] > 0
    assert document["growing"] is None
    assert len(set(document["readings"]["descriptors"])) == 1
    assert path.read_bytes() == before
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "Too few cycles to say" in run("mem", "bench", path, "-n", "2").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["bench", "missing.xlsx"], 2, "There is no file missing.xlsx"),
        (["bench", "damaged.xlsx"], 4, "damaged.xlsx"),
        (["watch", "999999999"], 2, "there is no process 999999999"),
        (["watch", "--", "no-such-command"], 2, "no-such-command cannot be started"),
        (["watch", "--plot", "plot.pdf"], 2, "neither in .svg nor in .png"),
        (["leaks", "--plot", "nowhere/plot.svg", "1"], 2, "there is no folder nowhere"),
        (["leaks"], 2, "Missing argument"),
        (["leaks", "nothing.py::function"], 2, "There is no file nothing.py"),
    ],
)
def test_failures_are_one_line_and_an_exit_code(
    tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    """As with the other commands; with --json the error is an object too."""
    truncate(make_workbook(tmp_path / "damaged.xlsx"), 3_000)
    ended = run("mem", *words, cwd=tmp_path)
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.line
    words = [words[0], "--json", *words[1:]]
    error = json.loads(run("mem", *words, cwd=tmp_path).out)["error"]
    assert error["exit_code"] == code


def test_png_without_pillow_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before anything is measured, with the way out: an .svg needs nothing."""
    from budgetinator.cli.mem import charts

    monkeypatch.setattr(charts, "find_spec", lambda _: None)
    words = ("mem", "bench", "plan.xlsx", "--plot", tmp_path / "plot.png")
    ended = call(capsys, *words)
    assert ended.code == 4
    assert 'pip install "budgetinator[plot]"' in ended.line
