"""Seeds 000 and 001: tabs that show and delegate, and hold no resource; read from their source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
UI = sorted([*(REPOSITORY / "gui" / "tabs").glob("*.py"), REPOSITORY / "gui" / "main_window.py"])
# "What to Remove from Tabs", and what would come to the same.
REMOVED = {
    "get_service",
    "IResourceManagementService",
    "ResourceType",
    "register_component",
    "register_cleanup",
    "track_resource",
    "track_worker",
    "release_resource",
    "_resource_manager",
    "_worker_resource_id",
    "_thumbnail_resource_ids",
    "_cleanup_resources",
    "_release_worker_resource",
    "_track_internal_resources",
}
MOST_LINES = 50


def _names(path: Path) -> set[str]:
    """Every name, attribute and definition of a module."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    return {
        *(node.id for node in nodes if isinstance(node, ast.Name)),
        *(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        *(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.alias)),
    }


def _method(path: Path, kind: str, name: str) -> ast.FunctionDef:
    tree = ast.parse(path.read_text("utf-8"))
    (found,) = (
        method
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == kind
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name == name
    )
    return found


@pytest.mark.parametrize("path", UI, ids=lambda path: path.name)
def test_no_tab_manages_resources(path: Path) -> None:
    """Resource tracking calls per tab: 0."""
    assert sorted(_names(path) & REMOVED) == []


def test_a_tab_s_init_is_as_short_as_promised() -> None:
    """Tab `__init__` lines: 30-50 instead of 150-200."""
    init = _method(REPOSITORY / "gui/tabs/workbook.py", "WorkbookTab", "__init__")

    assert init.end_lineno is not None
    assert init.end_lineno - init.lineno < MOST_LINES


def test_a_tab_s_cleanup_is_its_controllers() -> None:
    """`cleanup` calls `controller.cleanup()`, and closes nothing itself."""
    cleanup = _method(REPOSITORY / "gui/tabs/workbook.py", "WorkbookTab", "cleanup")
    calls = {ast.unparse(node.func) for node in ast.walk(cleanup) if isinstance(node, ast.Call)}

    assert "controller.cleanup" in calls
    assert [call for call in calls if call.split(".")[-1] in {"close", "release", "kill"}] == []
