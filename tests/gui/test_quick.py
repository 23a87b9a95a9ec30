"""The light window in Tk: values in sight, live tips that are tracked, nothing left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import ImageGrab

from budgetinator.errors import WindowUnavailable, WorkbookNotFound
from budgetinator.runtime import Runtime
from budgetinator.workbooks import ExcelManager
from gui.quick.door import show
from gui.quick.holders import Holder, holders, summary
from gui.quick.rows import BLOCK_ROWS, SheetRows
from gui.quick.window import QuickWindow
from tests.workbooks.builders import make_workbook

pytestmark = pytest.mark.leftovers_expected("descriptor")
"""Tk keeps its connection to the display, and its notifier's pipe, as long as the process lives."""

Until = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display of our own."""
    if shutil.which("Xvfb") is None:
        pytest.skip("the light window's tests need Xvfb")
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(writer),
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=(writer,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as pipe:
        number = pipe.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A workbook of two sheets, the first of 1,200 rows."""
    path = tmp_path / "budget.xlsx"
    rows = [[f"item {number}", number, number / 2] for number in range(1, 1201)]
    make_workbook(path, {"Costs": rows, "Notes": [["a note", None, True]]})
    return path


@pytest.fixture
def window(
    display: str, book: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[QuickWindow]:
    monkeypatch.setenv("DISPLAY", display)
    made = QuickWindow(
        tk.Tk(), ExcelManager(book, read_only=True, service=runtime.service), runtime
    )
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def until(window: QuickWindow) -> Until:
    """Runs Tk's loop until something holds, fifteen seconds at most."""

    def wait(holds: Callable[[], object]) -> None:
        end = time.monotonic() + 15
        while not holds():
            assert time.monotonic() < end, "it did not come to pass within 15 s"
            window.root.update()

    return wait


def _shown(window: QuickWindow) -> list[tuple[str, ...]]:
    tree = window.grid.tree
    return [
        (tree.item(item, "text").strip(), *map(str, tree.item(item, "values")))
        for item in tree.get_children()
    ]


def _is_read(window: QuickWindow) -> bool:
    return not str(window.status.cget("text")).startswith("Costs: reading")


def test_it_shows_sheets_and_values(window: QuickWindow, until: Until) -> None:
    """The sheets stand in the list, and the first one's rows in the table, counted below."""
    until(lambda: window.status.cget("text") == "Costs: 1,200 rows")
    sheets = [str(name).strip() for name in window.sheets.get(0, "end")]

    assert sheets == ["Costs", "Notes"]
    assert _shown(window)[:2] == [("1", "item 1", "1", "0.5"), ("2", "item 2", "2", "1")]


def test_only_the_rows_in_sight_are_items(window: QuickWindow, until: Until) -> None:
    """The table has as many items as fit, not as many as there are rows."""
    until(lambda: window.status.cget("text") == "Costs: 1,200 rows")

    assert len(_shown(window)) <= window.grid.visible + 1 < 60


def test_the_end_key_leads_to_the_last_row(window: QuickWindow, until: Until) -> None:
    """End shows and selects the last row, Home the first one; Page Down goes on by a page."""
    until(lambda: window.status.cget("text") == "Costs: 1,200 rows")
    tree = window.grid.tree
    tree.focus_force()
    until(lambda: tree.focus_get() is tree)
    tree.event_generate("<End>")
    until(lambda: _shown(window)[-1][0] == "1,200")
    selected = tree.item(tree.selection()[0], "values")[0]
    tree.event_generate("<Home>")
    until(lambda: _shown(window)[0][0] == "1")
    tree.event_generate("<Next>")
    tree.event_generate("<Next>")
    until(lambda: window.grid.first > 0)

    assert selected == "item 1200"


def test_another_sheet_can_be_chosen(window: QuickWindow, until: Until) -> None:
    """A sheet that is chosen in the list replaces the rows."""
    until(lambda: window.status.cget("text") == "Costs: 1,200 rows")
    until(window.sheets.winfo_viewable)  # Tk drops what is generated before that
    window.sheets.selection_clear(0, "end")
    window.sheets.selection_set(1)
    window.sheets.event_generate("<<ListboxSelect>>")
    until(lambda: window.status.cget("text") == "Notes: 1 row")

    assert _shown(window) == [("1", "a note", "", "TRUE")]


def test_each_tip_is_tracked_and_goes_with_the_window(
    window: QuickWindow, runtime: Runtime
) -> None:
    """Five tips and the workbook are held; after close nothing is, and no tip is there."""
    names = [r.name for r in runtime.service.snapshot().resources()]
    tips = list(window.tips)
    window.close()
    window.close()

    assert sorted(name for name in names if name and name.startswith("tool tip")) == [
        "tool tip of its holders",
        "tool tip of the cells",
        "tool tip of the file",
        "tool tip of the memory",
        "tool tip of the sheets",
    ]
    assert runtime.leftovers() == []
    assert all(tip.is_destroyed for tip in tips)


def test_a_tip_is_live(window: QuickWindow, until: Until) -> None:
    """The tip of the cells says what is under the pointer, and follows it from cell to cell."""
    until(lambda: window.status.cget("text") == "Costs: 1,200 rows")
    until(window.grid.tree.winfo_viewable)
    tree, tip = window.grid.tree, window.tips[3]
    boxes = [tree.bbox(tree.get_children()[row], column) for row, column in ((0, 0), (2, 1))]
    texts = []
    for box, text in zip(boxes, ("A1: item 1", "B3: 3"), strict=True):
        x, y = box[0] + 5, box[1] + 5
        if not texts:
            tree.event_generate("<Enter>", x=x, y=y)
        tree.event_generate("<Motion>", x=x, y=y, warp=True)
        until(lambda text=text: tip.state() == "normal" and tip.msg_var.get() == text)
        texts.append(tip.msg_var.get())

    assert texts == ["A1: item 1", "B3: 3"]


def test_a_tip_lies_above_its_window(window: QuickWindow, until: Until, display: str) -> None:
    """A tip that is shown can be seen: the screen has its colour where it lies."""
    until(window.grid.tree.winfo_viewable)
    tip = window.tips[3]
    window.grid.tree.event_generate("<Enter>", x=150, y=60)
    window.grid.tree.event_generate("<Motion>", x=150, y=60, warp=True)

    def is_seen() -> bool:
        if tip.state() != "normal":
            return False
        at = tip.winfo_rootx() + 3, tip.winfo_rooty() + 3
        return bool(ImageGrab.grab(xdisplay=display).getpixel(at)[:3] == (255, 251, 230))

    until(is_seen)


def test_a_destroyed_tip_leaves_no_call_behind(
    window: QuickWindow, runtime: Runtime, until: Until, capfd: pytest.CaptureFixture[str]
) -> None:
    """A tip that is released while it is about to appear takes its scheduled calls back."""
    until(window.grid.tree.winfo_viewable)
    tip = window.tips[3]
    window.grid.tree.event_generate("<Enter>", x=90, y=40)
    pending = set(tip._scheduled)
    held = [r for r in runtime.service.snapshot().resources() if r.name == "tool tip of the cells"]
    runtime.service.release_resource(window, held[0].resource_id)
    over: list[bool] = []
    window.root.after(700, over.append, True)
    until(lambda: over)

    assert pending
    assert tip.is_destroyed
    assert capfd.readouterr().err == ""


def test_it_says_who_holds_the_file(window: QuickWindow, book: Path, until: Until) -> None:
    """An owner file that appears beside the workbook is told within two seconds."""
    before = window.holder.cget("text")
    lock = book.with_name(f".~lock.{book.name}#")
    lock.write_text("Anna Example,anna,pc-12,21.11.2026 15:02,file:///home/anna;")
    until(lambda: "Anna Example in LibreOffice" in str(window.holder.cget("text")))

    assert before == "Nobody else has it open"


def test_memory_and_resources_are_told(window: QuickWindow) -> None:
    """The foot of the window says the process's memory and how many resources it holds."""
    text = str(window.memory.cget("text"))

    assert text.endswith(("·  6 resources", "·  1 resource"))
    assert "MB" in text


def test_an_error_in_a_callback_ends_it(window: QuickWindow) -> None:
    """What a callback raises is neither printed nor passed over: it ends the window."""

    def fail() -> None:
        raise OSError("the disk is gone")

    window.root.after(0, fail)
    with pytest.raises(OSError, match="the disk is gone"):
        window.run()


def test_a_missing_file_is_told_before_any_window(
    display: str, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file's own errors come as they do everywhere, and nothing is held."""
    monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(WorkbookNotFound):
        show(tmp_path / "none.xlsx", runtime)


def test_without_a_display_it_says_so(
    book: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no display a typed error says so."""
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(WindowUnavailable) as error:
        show(book, runtime)

    assert error.value.missing == "display"


def _program(book: Path, display: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "budgetinator", "quick", str(book)],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_window(display: str, title: str) -> str:
    found = subprocess.run(
        ["xdotool", "search", "--sync", "--onlyvisible", "--name", title],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return found.stdout.split()[-1]


def _xdotool(display: str, *words: str) -> None:
    subprocess.run(
        ["xdotool", *words],
        env={**os.environ, "DISPLAY": display},
        stderr=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )


needs_xdotool = pytest.mark.skipif(
    shutil.which("xdotool") is None, reason="keys from outside need xdotool"
)


@needs_xdotool
def test_the_command_ends_by_its_key(book: Path, display: str) -> None:
    """`budgetinator quick FILE` shows its window in its own process; Ctrl+W ends it with 0."""
    process = _program(book, display)
    try:
        window = _wait_for_window(display, "budget.xlsx - Budgetinator")
        _xdotool(display, "windowfocus", window, "key", "--window", window, "ctrl+w")
        _xdotool(display, "keyup", "w", "keyup", "ctrl")  # it fails where the window is gone by now
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()

    assert (process.returncode, out, err) == (0, "", "")


@needs_xdotool
def test_the_command_ends_by_a_signal(book: Path, display: str) -> None:
    """SIGTERM ends the window and gives 143, with everything let go."""
    process = _program(book, display)
    try:
        _wait_for_window(display, "budget.xlsx - Budgetinator")
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()

    assert (process.returncode, err) == (128 + signal.SIGTERM, "")


@pytest.mark.parametrize("module", ["tkinter", "tktooltip"])
def test_a_missing_module_is_named(module: str, book: Path) -> None:
    """Where Tk or tkinter-tooltip is missing the command says which, and how to get it: 4."""
    script = (
        "import sys\n"
        f"sys.modules[{module!r}] = None\n"
        "from budgetinator.cli import main\n"
        f"sys.exit(main(['quick', {str(book)!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 4
    assert module in done.stderr
    assert "install" in done.stderr


# What needs no display


def test_rows_are_read_in_slices_and_kept_packed() -> None:
    """Rows come back as texts in any order of asking, whether packed or the last ones."""
    count = 3 * BLOCK_ROWS + 7
    rows = SheetRows([(number, f"text {number}", None) for number in range(count)])
    slices = 0
    while not rows.read(0.001):
        slices += 1
    asked = [count - 1, 0, BLOCK_ROWS, 2 * BLOCK_ROWS - 1, 5]

    assert [rows.texts(at, 1)[0][:2] for at in asked] == [(str(at), f"text {at}") for at in asked]
    assert (len(rows), rows.columns, rows.texts(count, 5)) == (count, 3, [])


def test_a_slice_ends_on_time() -> None:
    """Of an endless sheet a slice reads for so long and no longer."""
    rows = SheetRows((number,) for number in iter(int, 1))
    began = time.thread_time()
    done = rows.read(0.01)
    took = time.thread_time() - began
    rows.close()

    assert (done, rows.is_done, took < 0.1) == (False, True, True)


def test_owner_files_are_read(tmp_path: Path) -> None:
    """LibreOffice's and Excel's own files beside a workbook name their users, commas and all."""
    book = tmp_path / "plan.xlsx"
    book.touch()
    (tmp_path / ".~lock.plan.xlsx#").write_text(
        "Example\\, Anna,anna,pc\\,12,21.11.2026 15:02,file:///x;", encoding="utf-8"
    )
    wide = "Zoë".encode("utf-16-le")
    raw = bytearray(b"\x03Zo\xeb".ljust(165, b" "))
    raw[55 : 57 + len(wide)] = (3).to_bytes(2, "little") + wide
    (tmp_path / "~$plan.xlsx").write_bytes(raw)

    found = holders(book)

    assert found == (
        Holder("LibreOffice", "Example, Anna", "pc,12, since 21.11.2026 15:02"),
        Holder("Excel", "Zoë"),
    )
    assert summary(found) == (
        "Open elsewhere: Example, Anna in LibreOffice (pc,12, since 21.11.2026 15:02), Zoë in Excel"
    )


@pytest.mark.parametrize("raw", [b"", b",", b"\xff\xfe", b"x" * 5000])
def test_odd_owner_files_are_no_errors(tmp_path: Path, raw: bytes) -> None:
    """An owner file of any content says at least which program has the file open."""
    book = tmp_path / "plan.xlsx"
    book.touch()
    (tmp_path / ".~lock.plan.xlsx#").write_bytes(raw)
    (tmp_path / "~$plan.xlsx").write_bytes(raw)

    assert [holder.program for holder in holders(book)] == ["LibreOffice", "Excel"]


HOLD = """
import sys
from budgetinator import ExcelManager
with ExcelManager(sys.argv[1]) as manager:
    manager.workbook
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_our_own_processes_are_named(book: Path, runtime: Runtime, tmp_path: Path) -> None:
    """A workbook that another process of ours has open is told with that process."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "home")}
    from budgetinator.resources import Journal

    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(book)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        (folder,) = (tmp_path / "home").iterdir()
        with Journal(folder) as journal:
            found = holders(book, journal)
    finally:
        process.communicate("\n", timeout=20)

    assert [holder.program for holder in found] == ["Budgetinator"]
    assert f"process {process.pid} on" in found[0].details
