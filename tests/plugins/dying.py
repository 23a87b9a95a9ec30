"""Loads one plugin of a folder, as a process that may not survive it."""

from __future__ import annotations

import sys
from pathlib import Path

from budgetinator.plugins import PluginManager


def main(folder: Path, state: Path, plugin_id: str) -> None:
    manager = PluginManager(state_dir=state, folders=[folder], deadline=20, entry_points=False)
    manager.discover_plugins()
    manager.trust(plugin_id)
    print(manager.load_plugin(plugin_id).error, flush=True)  # noqa: T201 - its answer
    manager.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
