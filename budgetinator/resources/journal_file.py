"""The SQLite file behind the journal: opening, schema, damage.

Decisions:

* WAL with synchronous=NORMAL: a committed row survives the death of every process, not a power
  cut; an fsync for each row would cost a hundred times as much and guard against nothing that
  leaves a temp behind which somebody could not see.
* Every connection compares the file's identity before it works. When another process has set a
  damaged file aside, or somebody deleted it, the row would otherwise go where nobody looks.
* Opening takes no lock of ours when the schema is current. Making the schema and setting a damaged
  file aside happen under a file lock, so that no two processes do it at once, and the second
  does not set aside what the first has just begun.
* The file is never opened but by SQLite: closing any other descriptor of it would drop the
  process's POSIX locks on it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from budgetinator.errors import JournalError
from budgetinator.resources.journal_rows import JournalRow

__all__ = ["JournalFile"]

APPLICATION_ID = 0x42444754
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE entry (
            key INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('open', 'save')),
            path BLOB NOT NULL,
            temp BLOB,
            backup BLOB,
            stamp TEXT,
            pid INTEGER NOT NULL,
            start_ticks INTEGER NOT NULL,
            boot_id TEXT NOT NULL,
            host TEXT NOT NULL,
            namespace TEXT NOT NULL,
            opened_at REAL NOT NULL,
            mode TEXT,
            size_bytes INTEGER,
            component_id TEXT
        )""",
        f"PRAGMA application_id = {APPLICATION_ID}",
    ),
)
"""The statements that lead from each schema version to the next; user_version counts them."""

_INSERT = "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM entry WHERE key = ?"
_SELECT = "SELECT * FROM entry ORDER BY opened_at, key"
_SELECT_TEMP = "SELECT * FROM entry WHERE temp = ?"

_BUSY_SECONDS = 2.0
_LOCK_SECONDS = 5.0
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class JournalFile:
    """One process's connection to the file; every method raises JournalError and nothing else.

    Not guarded against simultaneous calls, and not to be carried over a fork: the owner does both.
    """

    def __init__(
        self,
        path: Path,
        *,
        own_folder: bool = False,
        migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
    ) -> None:
        """`own_folder`: only ours lies in the folder, and other users may be shut out of it."""
        self.path = path
        self._own_folder = own_folder
        self._migrations = migrations
        self._connection: sqlite3.Connection | None = None
        self._net: weakref.finalize[..., JournalFile] | None = None
        self._identity: tuple[int, int] | None = None
        self._damaged = False
        self._fresh = False
        self.aside: Path | None = None

    def add(self, rows: Iterable[JournalRow]) -> None:
        """Commit the rows; those that are there already stay as they are."""
        with self._translated() as connection:
            for row in rows:
                connection.execute(_INSERT, row.columns())

    def remove(self, keys: Iterable[int]) -> int:
        """Commit the removal and return how many of the rows were there."""
        with self._translated() as connection:
            return sum(connection.execute(_DELETE, (key,)).rowcount for key in keys)

    def rows(self) -> list[JournalRow]:
        with self._translated() as connection:
            return self._read(connection.execute(_SELECT))

    def rows_with_temp(self, temp: Path) -> list[JournalRow]:
        with self._translated() as connection:
            return self._read(connection.execute(_SELECT_TEMP, (os.fsencode(temp),)))

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """No other process writes a row while the body runs; an exception takes back its own."""
        with self._translated() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def take_fresh(self) -> bool:
        """Open the file if need be; True if it has been opened since this was last asked."""
        with self._translated():
            pass
        fresh, self._fresh = self._fresh, False
        return fresh

    def salvage(self) -> bool:
        """Set the file aside if the last failure was damage; True if another try is worth it.

        `aside` is then where the damaged file lies; nothing if another process was quicker.
        """
        if not self._damaged:
            return False
        self._damaged, self.aside = False, None
        seen = self._identity
        self.close()
        with self._making():
            if seen is not None and _identity(self.path) == seen:
                self.aside = _set_aside(self.path)
        return True

    def close(self) -> None:
        """Harmless when called twice; the next use opens the file again."""
        connection, self._connection = self._connection, None
        if self._net is not None:
            self._net.detach()
            self._net = None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._current()
        except sqlite3.Error as error:
            self._damaged = _code(error) in _DAMAGE or _lacks_table(error)
            raise self._error(str(error)) from error

    def _read(self, found: Iterable[tuple[Any, ...]]) -> list[JournalRow]:
        try:
            return [JournalRow.from_columns(columns) for columns in found]
        except (ValueError, TypeError) as error:
            self._damaged = True
            raise self._error(f"it holds a row that cannot be read ({error})") from error

    def _error(self, reason: str) -> JournalError:
        return JournalError(
            f"The record of open workbooks {self.path} cannot be used: {reason}.",
            path=str(self.path),
        )

    def _current(self) -> sqlite3.Connection:
        if self._connection is not None:
            if _identity(self.path) == self._identity:
                return self._connection
            self.close()
        connection = self._opened()
        self._net = weakref.finalize(self, connection.close)
        self._connection = connection
        self._fresh = True
        return connection

    def _opened(self) -> sqlite3.Connection:
        try:
            if os.path.exists(self.path):
                connection = self._connected()
                if (_owner(connection), _version(connection)) == self._expected():
                    return connection
                connection.close()
            os.makedirs(self.path.parent, mode=0o700, exist_ok=True)
            if self._own_folder:
                os.chmod(self.path.parent, 0o700)
            with self._making():
                _create_private(self.path)
                return self._migrated(self._connected())
        except OSError as error:
            if isinstance(error, JournalError):
                raise
            raise self._error(str(error)) from error

    def _expected(self) -> tuple[int, int]:
        return APPLICATION_ID, len(self._migrations)

    def _connected(self) -> sqlite3.Connection:
        while True:
            self._identity = _identity(self.path)
            # check_same_thread: the owner's lock lets one thread in at a time.
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode=rw",
                _BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                uri=True,
            )
            try:
                connection.execute("PRAGMA synchronous = NORMAL")
                _check(connection)
            except BaseException:
                connection.close()
                raise
            if _identity(self.path) == self._identity:
                return connection
            connection.close()

    def _migrated(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        try:
            self._refuse_foreign(connection)
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            version = _version(connection)
            for number, statements in enumerate(self._migrations[version:], version + 1):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_foreign(self, connection: sqlite3.Connection) -> None:
        if _version(connection) > len(self._migrations):
            raise self._error("a newer version of the program wrote it")
        [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if _owner(connection) != APPLICATION_ID and tables:
            raise self._error("it is another program's database")

    @contextlib.contextmanager
    def _making(self) -> Iterator[None]:
        """Alone among all processes in making the file or setting it aside."""
        # Imported here: it takes longer than all the rest, and a file is made once.
        from filelock import FileLock

        try:
            with FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS, mode=0o600):
                yield
        except (JournalError, sqlite3.Error):
            raise
        except OSError as error:
            raise self._error(str(error)) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _set_aside(path: Path) -> Path:
    """SQLite's side files go first: a new main file beside an old log would be read with it."""
    aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{suffix}", f"{aside}{suffix}")
    return aside


def _create_private(path: Path) -> None:
    """SQLite gives its side files the mode of the main file, so that is set before it is opened."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _check(connection: sqlite3.Connection) -> None:
    [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        damage = sqlite3.DatabaseError(verdict)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def _owner(connection: sqlite3.Connection) -> int:
    [owner] = connection.execute("PRAGMA application_id").fetchone()
    return int(owner)


def _version(connection: sqlite3.Connection) -> int:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _code(error: sqlite3.Error) -> int:
    """The primary result code; the extended ones carry more in the higher bits."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _lacks_table(error: sqlite3.Error) -> bool:
    return "no such table: entry" in str(error)
