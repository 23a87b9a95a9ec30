"""Processes of map_workbooks that die, hang or are cancelled; scripts and clusters."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from budgetinator import map_workbooks
from budgetinator.config import ResourceOptions, Settings
from budgetinator.errors import Cancelled, HostDied
from tests.support.logs import ExpectLog
from tests.support.probes import children
from tests.workbooks import mapped
from tests.workbooks.builders import make_workbook
from tests.workbooks.hosts.waiting import until

ROOT = Path(__file__).parents[2]


def _files(folder: Path, *names: str) -> list[Path]:
    return [
        make_workbook(folder / f"{name}.xlsx", {"Data": [(number,)]})
        for number, name in enumerate(names)
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_that_dies_fails_its_file_only(tmp_path: Path, workers: int) -> None:
    """By name, with how it died; all others have their values."""
    files = _files(tmp_path, "a", "kill", "b", "exit", "c", "leave", "kill2", "d")
    found = {
        outcome.path.stem: outcome for outcome in map_workbooks(mapped.die, files, workers=workers)
    }
    assert {name: found[name].value for name in "abcd"} == {"a": 0, "b": 2, "c": 4, "d": 7}
    for name, code in (("kill", -9), ("kill2", -9), ("exit", 7)):
        error = found[name].error
        assert isinstance(error, HostDied)
        assert (error.path, error.exit_code) == (str(tmp_path / f"{name}.xlsx"), code)
    assert isinstance(found["leave"].error, SystemExit)


def test_a_process_killed_from_outside_is_replaced(tmp_path: Path) -> None:
    """Between two files it may be gone: the next file gets another one."""
    files = _files(tmp_path, "a", "b", "c")
    with map_workbooks(mapped.pid, files, workers=1, ahead=1) as outcomes:
        first = next(outcomes).unwrap()
        psutil.Process(first).kill()
        until(lambda: not psutil.pid_exists(first))
        rest = [outcome.unwrap() for outcome in outcomes]
    assert first not in rest
    assert len(rest) == 2


def test_cancelling_ends_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    """From another thread, while the function works; no process is left afterwards."""
    files = _files(tmp_path, "a", "b", "c")
    outcomes = map_workbooks(mapped.sleep_long, files, workers=2)
    ended: list[float] = []

    def take() -> None:
        with pytest.raises(Cancelled):
            next(outcomes)
        ended.append(time.monotonic())

    taking = threading.Thread(target=take)
    taking.start()
    until(lambda: len(list(tmp_path.glob("*.begun"))) == 2)
    began = time.monotonic()
    outcomes.cancel()
    taking.join(10)
    assert ended[0] - began < 0.1
    assert outcomes.is_cancelled
    outcomes.close()
    assert children() == {}


def test_a_function_that_is_deaf_is_killed(tmp_path: Path, expect_log: ExpectLog) -> None:
    """After the deadline of the settings; the log tells."""
    expect_log("did not end within 0.3 s and was killed")
    settings = Settings(resources=ResourceOptions(worker_deadline_seconds=0.3))
    files = _files(tmp_path, "a")
    outcomes = map_workbooks(mapped.write_and_wait, files, workers=1, settings=settings)

    def cancel() -> None:
        until(_begun(files))
        outcomes.cancel()

    cancelling = threading.Thread(target=cancel)
    cancelling.start()
    with outcomes, pytest.raises(Cancelled):
        next(outcomes)
    cancelling.join(10)
    assert children() == {}


def _begun(files: list[Path]) -> Callable[[], bool]:
    return lambda: all(path.with_suffix(".begun").exists() for path in files)


SLEEPING = """\
import sys
from pathlib import Path
from budgetinator import map_workbooks
from tests.workbooks import mapped

list(map_workbooks(mapped.sleep_long, map(Path, sys.argv[1:]), workers=2))
"""


def test_the_processes_end_with_the_program(tmp_path: Path) -> None:
    """Killed in the middle of the work."""
    files = _files(tmp_path, "a", "b")
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            SLEEPING,
            *map(str, files),
        ],
        cwd=ROOT,
    )
    until(_begun(files), 20)
    children = psutil.Process(program.pid).children()
    program.kill()
    program.wait()
    assert len(children) == 2
    until(lambda: not any(child.is_running() for child in children))


def _run(folder: Path, source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(textwrap.dedent(source))
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_guarded_script_s_own_function(tmp_path: Path) -> None:
    """It is found by importing the script under another name, and beside it its modules."""
    (tmp_path / "helper.py").write_text("def double(text):\n    return text * 2\n")
    done = _run(
        tmp_path,
        """\
        import helper
        from budgetinator import map_workbooks

        def work(path):
            return helper.double(path)

        if __name__ == "__main__":
            print(sorted(outcome.unwrap() for outcome in map_workbooks(work, ["a", "b"])))
        """,
    )
    assert (done.stdout, done.stderr) == ("['aa', 'bb']\n", "")


def test_an_unguarded_script_is_told_so(tmp_path: Path) -> None:
    """Before anything is started, and without running any of it twice."""
    done = _run(
        tmp_path,
        """\
        from budgetinator import map_workbooks
        from budgetinator.errors import TaskNotPicklable

        print("once")

        def work(path):
            return path

        def main():
            return list(map_workbooks(work, ["a", "b"]))

        try:
            main()
        except TaskNotPicklable as error:
            print(error)
        """,
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first == "once"
    assert 'no `if __name__ == "__main__":`' in second


def test_an_unguarded_script_may_map_a_module_s_function(tmp_path: Path) -> None:
    """Nothing of the script is needed for that."""
    (tmp_path / "helper.py").write_text("def double(text):\n    return text * 2\n")
    done = _run(
        tmp_path,
        """\
        import helper
        from budgetinator import map_workbooks

        print(sorted(outcome.unwrap() for outcome in map_workbooks(helper.double, ["a", "b"])))
        """,
    )
    assert (done.stdout, done.stderr) == ("['aa', 'bb']\n", "")


def test_a_cluster_s_executor(tmp_path: Path) -> None:
    """Dask's workers, which may be on other machines; a failure keeps its path there too."""
    pytest.importorskip("distributed")
    files = _files(tmp_path, "a", "b", "c")
    done = _run(
        tmp_path,
        """\
        import sys
        from pathlib import Path
        from distributed import Client, LocalCluster
        from budgetinator import Settings, map_workbooks
        from budgetinator.config import SavingOptions
        from tests.workbooks import mapped

        if __name__ == "__main__":
            settings = Settings(saving=SavingOptions(compression_level=3))
            paths = [*map(Path, sys.argv[1:]), Path("missing.xlsx")]
            with (
                LocalCluster(
                    n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
                ) as cluster,
                Client(cluster) as client,
                client.get_executor() as executor,
            ):
                outcomes = map_workbooks(
                    mapped.compression_level, paths[:1], executor=executor, settings=settings
                )
                print(next(outcomes).value)
                outcomes = map_workbooks(mapped.first_number, paths, executor=executor)
                for outcome in sorted(outcomes, key=lambda outcome: outcome.path):
                    print(outcome.path.name, outcome.value, type(outcome.error).__name__)
        """,
        *map(str, files),
    )
    assert done.stdout.splitlines() == [
        "3",
        "a.xlsx 0 NoneType",
        "b.xlsx 1 NoneType",
        "c.xlsx 2 NoneType",
        "missing.xlsx None WorkbookNotFound",
    ], done.stderr
