"""The list of recent workbooks."""

from __future__ import annotations

from pathlib import Path

from gui.recent import RecentFiles


def test_the_latest_come_first_and_once(tmp_path: Path) -> None:
    """Opening one again moves it up; twelve are kept; two windows share the list."""
    recent = RecentFiles(tmp_path / "state" / "recent.json")
    assert recent.paths == ()
    for number in range(15):
        recent.add(tmp_path / f"{number}.xlsx")
    recent.add(tmp_path / "5.xlsx")
    other = RecentFiles(tmp_path / "state" / "recent.json")
    assert [Path(path).stem for path in other.paths[:3]] == ["5", "14", "13"]
    assert len(other.paths) == 12
    other.forget(tmp_path / "14.xlsx")
    assert str(tmp_path / "14.xlsx") not in recent.paths
    recent.clear()
    assert other.paths == ()


def test_a_list_that_is_none_is_empty(tmp_path: Path) -> None:
    """What another program or a crash left of it stands in nobody's way."""
    file = tmp_path / "recent.json"
    for text in ("{", '{"a": 1}', '[1, "x.xlsx"]'):
        file.write_text(text)
        assert RecentFiles(file).paths in ((), ("x.xlsx",))
    file.unlink()
    file.mkdir()
    recent = RecentFiles(file)
    recent.add("x.xlsx")
    assert recent.paths == ()
