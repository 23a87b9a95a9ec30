"""A plugin's files as one snapshot with one hash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from budgetinator.errors import PluginRefused
from budgetinator.plugins.tree import Bounds, read_regular, read_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "plugin"
    (root / "parts").mkdir(parents=True)
    (root / "plugin.toml").write_text('id = "a"')
    (root / "parts" / "one.py").write_text("ONE = 1")
    return root


def test_a_tree_has_its_files_by_their_paths(tree: Path) -> None:
    """Paths are relative, with slashes on every system."""
    assert sorted(read_tree(tree).files) == ["parts/one.py", "plugin.toml"]


def test_the_hash_is_that_of_names_and_contents(tree: Path, tmp_path: Path) -> None:
    """A copy elsewhere has the same hash; another content, name or place has not."""
    before = read_tree(tree).digest
    os.rename(tree, tmp_path / "moved")
    moved = tmp_path / "moved"
    same = read_tree(moved).digest
    (moved / "parts" / "one.py").write_text("ONE = 2")
    content = read_tree(moved).digest
    (moved / "parts" / "one.py").write_text("ONE = 1")
    os.rename(moved / "parts" / "one.py", moved / "parts" / "two.py")
    name = read_tree(moved).digest
    assert same == before
    assert len({before, content, name}) == 3


def test_a_byte_cannot_pass_from_a_name_to_a_content(tmp_path: Path) -> None:
    """`ab` with `c` and `a` with `bc` are two trees."""
    for root, name, content in (("one", "ab", "c"), ("two", "a", "bc")):
        (tmp_path / root).mkdir()
        (tmp_path / root / name).write_text(content)
    digests = {read_tree(tmp_path / root).digest for root in ("one", "two")}
    assert len(digests) == 2


def test_compiled_files_are_left_out(tree: Path) -> None:
    """`__pycache__` changes by itself and is never run."""
    before = read_tree(tree).digest
    (tree / "parts" / "__pycache__").mkdir()
    (tree / "parts" / "__pycache__" / "one.cpython-311.pyc").write_bytes(b"\0")
    assert read_tree(tree).digest == before


def test_a_link_is_refused(tree: Path) -> None:
    """What a link leads to is not of the tree, and a loop of them leads nowhere."""
    (tree / "loop").symlink_to(tree)
    with pytest.raises(PluginRefused, match="symbolic link"):
        read_tree(tree)


def test_what_is_no_file_is_refused_at_once(tree: Path) -> None:
    """A pipe would be waited for without end."""
    os.mkfifo(tree / "pipe")
    with pytest.raises(PluginRefused, match="not a regular file"):
        read_tree(tree)


@pytest.mark.parametrize("name", ["aux.py", "con", "NUL.txt", "a:b.py", "end.", "a\\b.py", "t\x01"])
def test_a_name_that_not_every_system_has_is_refused(tree: Path, name: str) -> None:
    """Devices of Windows, and signs that a name there cannot have."""
    (tree / name).write_text("")
    with pytest.raises(PluginRefused, match="not every system"):
        read_tree(tree)


def test_a_name_that_is_no_text_is_refused(tree: Path) -> None:
    """Bytes that are no UTF-8 are shown as what they are."""
    (tree / os.fsdecode(b"\xff.py")).write_text("")
    with pytest.raises(PluginRefused, match=r"\\udcff"):
        read_tree(tree)


def test_names_that_differ_by_case_alone_are_refused(tree: Path) -> None:
    """On a system that folds case one of them would hide the other."""
    (tree / "Parts").mkdir()
    (tree / "Parts" / "ONE.py").write_text("")
    with pytest.raises(PluginRefused, match="by case alone"):
        read_tree(tree)


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        (Bounds(files=2), "more than 2 files"),
        (Bounds(depth=0), "more than 0 folders deep"),
        (Bounds(file_bytes=7), "8 bytes; 7 are allowed"),
        (Bounds(total_bytes=10), "more than 10 bytes"),
    ],
)
def test_a_tree_is_bounded(tree: Path, bounds: Bounds, reason: str) -> None:
    """Files, depth and bytes have an end."""
    (tree / "plugin.toml").write_text("")
    (tree / "more.py").write_text("01234567")
    with pytest.raises(PluginRefused, match=reason):
        read_tree(tree, bounds=bounds)


@pytest.mark.parametrize("part", [".", "parts", "parts/one.py"])
def test_what_everybody_may_write_is_refused(tree: Path, part: str) -> None:
    """The root, a folder and a file of the tree alike."""
    os.chmod(tree / part, 0o777)
    with pytest.raises(PluginRefused, match="every user of this machine may write it"):
        read_tree(tree)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_refused(tree: Path) -> None:
    """Who owns a file can change it at any time."""
    os.chown(tree / "parts" / "one.py", 12345, -1)
    with pytest.raises(PluginRefused, match="belongs to another user"):
        read_tree(tree)
    assert read_tree(tree, own=False).files["parts/one.py"] == b"ONE = 1"


def test_a_file_that_grows_while_it_is_read_stays_bounded(tmp_path: Path) -> None:
    """The size that the system tells is not believed."""
    with pytest.raises(PluginRefused, match=r"more than 4 bytes|not a regular file"):
        read_regular(Path("/proc/self/status"), 4)
