"""What the tests of saving write, and a journal that notes the order of things."""

from __future__ import annotations

import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from budgetinator.resources import TEMP_SUFFIX

MEMBERS = 12
SMALL, LARGE = 20_000, 100_000  # bytes of a part, which no compression makes smaller


def _part_bytes(generation: int) -> int:
    return LARGE if generation > 1 and generation % 2 else SMALL


def archive(generation: int) -> Callable[[BinaryIO], None]:
    """Writes a zip of members that all bear the same number, so that a mixture shows.

    The third, fifth and so on are large: they are synced while they are read back.
    """
    random_bytes = random.Random(generation).randbytes(_part_bytes(generation))
    content = f"{generation:08d}".encode() + random_bytes

    def write(stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
            for index in range(MEMBERS):
                file.writestr(f"part{index}.txt", content)

    return write


def generation_of(path: Path) -> int:
    """The number in the archive; raises where it is broken or a mixture."""
    with zipfile.ZipFile(path) as file:
        assert len(file.namelist()) == MEMBERS, file.namelist()
        contents = {file.read(name) for name in file.namelist()}
    (content,) = contents
    generation = int(content[:8])
    assert len(content) == 8 + _part_bytes(generation)
    return generation


def verify(path: Path) -> None:
    """A `verify` that reads everything back."""
    generation_of(path)


def temporaries(folder: Path) -> list[str]:
    """The temporary files in the folder."""
    return sorted(name for name in os.listdir(folder) if name.endswith(TEMP_SUFFIX))


class FileJournal:
    """Rows in a file, synced one by one as a real journal would, so that they outlive a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def intend_save(
        self, target: Path, temp: Path, backup: Path | None = None
    ) -> Callable[[], None]:
        self._note({"temp": temp.name, "made": temp.exists(), "done": False})
        return lambda: self._note({"temp": temp.name, "made": temp.exists(), "done": True})

    def _note(self, row: dict[str, object]) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def rows(self) -> list[dict[str, object]]:
        """All rows that were written whole."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def open_rows(self) -> list[str]:
        """The names of temporary files whose save was not reported done."""
        done = {row["temp"] for row in self.rows() if row["done"]}
        return [str(row["temp"]) for row in self.rows() if row["temp"] not in done]
