"""From a path to a connection that may be trusted, or one sentence why not."""

from __future__ import annotations

import fcntl
import os
from importlib import resources
from pathlib import Path
from typing import Final
from urllib.parse import quote

import apsw

from gateway.core.errors import StoreError
from gateway.core.faults import Fault

# The WAL-reset bug (sqlite.org/wal.html#walresetbug) is in 3.7.0 to 3.51.2.
FIRST_SANE_SQLITE: Final = 3_051_003
APPLICATION_ID: Final = 0x48554F4D  # "HUOM": tells our file from another program's SQLite file
BUSY_TIMEOUT_MS: Final = 5_000  # longer than any copy by a backup tool holds its lock
JOURNAL_LIMIT_BYTES: Final = 8 * 1024 * 1024  # WAL kept after a checkpoint: 1000 pages of 4 KiB and some air


def check_sqlite(version: int) -> None:
    """Refuse an SQLite that can damage a store.

    Raises:
        StoreError: `version` (as SQLITE_VERSION_NUMBER) carries the WAL-reset bug.
    """
    if version < FIRST_SANE_SQLITE:
        raise StoreError(
            f"SQLite {version // 1_000_000}.{version // 1000 % 1000}.{version % 1000} can damage a store (WAL-reset "
            "bug): install apsw 3.54 or newer from PyPI, which brings its own SQLite."
        )


def migrations() -> list[tuple[int, str]]:
    """(number, SQL) of every migration, in order; numbers run 1, 2, 3 … without gaps."""
    folder = resources.files("gateway.store").joinpath("migrations")
    found = sorted((entry.name, entry) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    numbered = [(int(name.split("_", 1)[0]), entry.read_text(encoding="utf-8")) for name, entry in found]
    if [number for number, _ in numbered] != list(range(1, len(numbered) + 1)):
        raise StoreError("The installation is damaged, its store migrations have a gap: install Huoma again.")
    return numbered


class Lock:
    """One process per store: an advisory lock on a file beside it, gone with the process however it ends."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".lock")
        try:
            self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(store, error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreError(
                f"The store {store} is in use by another process (id {holder}): stop that one, or set another path."
            ) from error
        self._note_holder()

    def _note_holder(self) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode("ascii"), 0)
        except OSError:  # a full disk: the lock holds without the note
            return

    def release(self) -> None:
        """Let another process in. The file stays: removing it would let two processes lock two files."""
        os.close(self._descriptor)


def prepare_folder(store: Path) -> None:
    """Make the folder and an empty file that only we may read; the WAL takes over its permissions."""
    try:
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if store.is_dir():
            raise StoreError(f"The store {store} is a folder: set the path of a file.")
        os.close(os.open(store, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise unusable(store, error) from error


def connect(store: str, *, vfs: str | None, synchronous: str, fault: Fault) -> apsw.Connection:
    """Open, set up and migrate. Runs in the store's thread.

    Raises:
        StoreError: not writable, not a database, another program's, from a newer version, damaged, or the disk is full.
    """
    # psow=0: commits are padded to whole sectors, so that one torn by a power cut (cheap flash) holds no older commit.
    name = f"file:{quote(store)}?psow=0"
    connection: apsw.Connection | None = None
    try:
        connection = apsw.Connection(name, flags=_OPEN_FLAGS, vfs=vfs)
        _set_up(connection, synchronous)
        _check_owner(connection, store)
        migrate(connection, store, fault)
    except apsw.Error as error:
        if connection is not None:
            connection.close(True)
        raise unusable(store, error) from error
    except StoreError:
        if connection is not None:
            connection.close(True)
        raise
    return connection


_OPEN_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI


def _set_up(connection: apsw.Connection, synchronous: str) -> None:
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("locking_mode", "EXCLUSIVE")  # one owner: the index of the WAL stays in memory
    # The step into WAL mode itself goes through a rollback journal. If its deletion came undone with the power, the
    # next start would roll the file back to nothing and throw the log away: EXTRA syncs the folder after the deletion.
    connection.pragma("synchronous", "EXTRA")
    if connection.pragma("journal_mode", "WAL") != "wal":
        raise StoreError("The store cannot use a write-ahead log here: set a path on a local disk.")
    connection.pragma("synchronous", synchronous)
    connection.pragma("foreign_keys", True)
    connection.pragma("trusted_schema", False)
    connection.pragma("temp_store", "MEMORY")
    connection.pragma("cell_size_check", True)
    connection.pragma("journal_size_limit", JOURNAL_LIMIT_BYTES)


def _check_owner(connection: apsw.Connection, store: str) -> None:
    owner = connection.pragma("application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if owner not in (0, APPLICATION_ID) or (owner == 0 and tables):
        raise StoreError(f"{store} is a database of another program: set another path for the store.")


def migrate(connection: apsw.Connection, store: str, fault: Fault) -> None:
    """Bring the schema up to date, each step in one transaction: a crash inside leaves the step before."""
    steps = migrations()
    version = connection.pragma("user_version")
    if version > len(steps):
        raise StoreError(
            f"The store {store} was written by a newer Huoma (schema {version}, this one knows {len(steps)}): "
            "install that version again, or set another path for a new store."
        )
    for number, sql in steps[version:]:
        fault("store.migration.before")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(sql)
        fault("store.migration.inside")
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", number)
        connection.execute("COMMIT")
        fault("store.migration.after")


def unusable(store: object, error: Exception) -> StoreError:
    """The sentence for a person, by what went wrong."""
    sentence = f"The store {store} cannot be opened ({error}): set another path, or mend the disk."
    match error:
        case apsw.NotADBError():
            sentence = f"{store} is not a store (no SQLite database): move it away, or set another path."
        case apsw.FullError():
            sentence = f"The disk of the store {store} is full: free some space and start again."
        case apsw.CorruptError():
            sentence = (
                f"The store {store} is damaged: restore it from a backup, or set another path and keep this file."
            )
        case apsw.BusyError():
            sentence = f"The store {store} is in use by another program: close that one, or set another path."
        case OSError() | apsw.CantOpenError() | apsw.ReadOnlyError() | apsw.PermissionsError():
            reason = error.strerror if isinstance(error, OSError) else "no permission, or no such folder"
            sentence = (
                f"The store {store} cannot be written ({reason}): give this user the folder, or set another path."
            )
    return StoreError(sentence)
