"""A folder that does its worst to whoever looks for plugins in it.

Run as a program: it builds the folder, looks for plugins under an audit hook, and prints
as JSON what was run of the folder, what was found, and how long it took.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

HARM = "open({canary!r}, 'a').write('ran\\n')\n"


def build(folder: Path, canary: Path) -> None:
    """Plugins, and what is none, with side effects wherever something might run."""
    harm = HARM.format(canary=str(canary))
    files = {
        "innocent.py": harm + 'PLUGIN_METADATA = {"id": "innocent"}\n' + harm,
        "exits.py": 'import sys\nPLUGIN_METADATA = {"id": "exits"}\nsys.exit(0)\n',
        "calls.py": f"PLUGIN_METADATA = {{'id': {harm.strip()}}}\n",
        "names.py": "PLUGIN_METADATA = METADATA\n",
        "twin.py": harm + 'PLUGIN_METADATA = {"id": "innocent"}\n',
        "traverses.py": 'PLUGIN_METADATA = {"id": "a", "entry": "../../etc/passwd:x"}\n',
        "con.py": "PLUGIN_METADATA = {}\n",
        "brackets.py": "PLUGIN_METADATA = " + "[" * 90_000 + "]" * 90_000,
        "sums.py": "PLUGIN_METADATA = 1" + "+1" * 100_000,
        "coded.py": "# coding: evil\nPLUGIN_METADATA = {}\n",
        "bare.py": harm,
        "conftest.py": harm,
        "sitecustomize.py": harm,
        "_hidden.py": harm,
        "notes.txt": "PLUGIN_METADATA = {}",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "huge.py").write_bytes(b"")
    os.truncate(folder / "huge.py", 5 * 2**30)
    os.mkfifo(folder / "pipe.py")
    (folder / "loop").symlink_to(folder)
    (folder / "link.py").symlink_to("/dev/zero")
    (folder / "dangling.py").symlink_to("nowhere")
    for name, manifest in {
        "good": 'id = "good"\nentry = "main:Good"\n',
        "nested": "a = " + "[" * 30_000,
        "garbled": "\x00\xff",
        "pathlike": 'id = "x"\nentry = "/usr/bin/python:main"\n',
    }.items():
        (folder / name).mkdir()
        (folder / name / "plugin.toml").write_text(manifest, encoding="latin-1")
        (folder / name / "main.py").write_text(harm)
        (folder / name / "__init__.py").write_text(harm)
    (folder / "piped").mkdir()
    os.mkfifo(folder / "piped" / "plugin.toml")
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text(harm)


def crowd(folder: Path, count: int) -> None:
    """So many files that looking at each would take minutes."""
    for number in range(count):
        (folder / f"p{number}.py").touch()


def watched(folder: Path, *others: Path) -> list[str]:
    """A list that gets every code object of the folders that is run from now on."""
    ran: list[str] = []
    places = tuple(f"{each}/" for each in (folder, *others))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "exec":
            name = str(getattr(arguments[0], "co_filename", ""))
            if name.startswith(places):
                ran.append(name)
        elif event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork"):
            ran.append(event)

    sys.addaudithook(hook)
    return ran


def main(base: Path) -> None:
    from budgetinator.plugins import PluginManager

    folder, crowded, trusted = base / "hostile", base / "crowded", base / "trusted"
    for each in (folder, crowded, trusted):
        each.mkdir(mode=0o700)
    build(folder, base / "canary")
    crowd(crowded, 100_000)
    (trusted / "control.py").write_text(
        'from budgetinator.plugins import Plugin\nPLUGIN_METADATA = {"id": "control"}\n'
        "class Control(Plugin):\n"
        '    def __init__(self):\n        super().__init__("control")\n'
        "    def initialize(self):\n        return True\n"
        "    def _cleanup_resources(self):\n        pass\n"
    )
    ran = watched(folder, crowded, trusted)
    manager = PluginManager(
        state_dir=base / "state", folders=[folder, crowded, trusted], entry_points=False
    )
    began = time.perf_counter()
    found = manager.discover_plugins()
    seconds = time.perf_counter() - began
    verified = {each.plugin_id: manager.verify(each.plugin_id).status for each in found}
    report = {
        "ran": list(ran),
        "found": {each.plugin_id: each.file_path.name for each in found},
        "verified": verified,
        "problems": {each.path.name: each.reason for each in manager.problems},
        "seconds": seconds,
        "canary": (base / "canary").exists(),
    }
    manager.trust("control")
    report["control"] = manager.load_plugin("control").success
    report["ran by loading"] = list(ran)
    manager.close()
    print(json.dumps(report))  # noqa: T201 - its answer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
