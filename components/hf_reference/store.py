"""The state file: one row per endpoint in SQLite, committed before an answer leaves the server.

Kept: endpoints with their past, the audit log, quotas, moves of the Hub's branches, the counter from which identity is
drawn, and model time. Not kept: faults, tokens, journal and traffic; they belong to a run. Secret values are not in it,
for they are not in a declaration either.
"""

from __future__ import annotations

import json
import math
import sqlite3
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from hf_reference.audit import Act
from hf_reference.endpoint import Changes, Endpoint
from hf_reference.errors import SetupError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT: Final = 2
"""Stands in the file; a file of another format is refused, never guessed at."""

_PATIENCE_S: Final = 0.2
"""Real seconds to wait for the end of a server that has the file."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS endpoint (namespace TEXT, name TEXT, record TEXT NOT NULL, PRIMARY KEY (namespace, name));
CREATE TABLE IF NOT EXISTS act (n INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """An open state file. Use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        :raises SetupError: it cannot be opened, is not ours, or another server has it.
        """
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=_PATIENCE_S, check_same_thread=False, isolation_level=None)
            # One server at a time: two would write over each other's answers. The lock goes with the process.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            # WAL with NORMAL loses nothing when the process is killed; only a power cut may cost the last commits.
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (str(FORMAT),))
        except sqlite3.Error as error:
            busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            why = "another server uses it: end that one, or give this one another file" if busy else error
            message = f"cannot use state file {str(path)!r}: {why}"
            raise SetupError(message) from error
        if (found := self._meta().get("format")) != str(FORMAT):
            self._db.close()
            message = f"state file {str(path)!r} has format {found}, this version reads {FORMAT}"
            raise SetupError(message)
        self.until = -math.inf
        """The instant in the file, of what this run has written."""
        self._adapter = TypeAdapter(Endpoint)
        self._act = TypeAdapter(Act)

    def save(self, changes: Changes, acts: Iterable[Act] = ()) -> None:
        """Write one set of changes and new entries of the audit log in one transaction, on disk when this returns.

        :raises StoreError: it cannot be written, and the file is as before.
        """
        try:
            self._write(changes, acts)
        except sqlite3.Error as error:
            message = f"cannot write state file {str(self._path)!r}: {error}"
            raise StoreError(message) from error
        self.until = changes.now

    def _write(self, changes: Changes, acts: Iterable[Act]) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for (namespace, name), endpoint in changes.endpoints.items():
                if endpoint is None:
                    self._db.execute("DELETE FROM endpoint WHERE namespace = ? AND name = ?", (namespace, name))
                else:
                    record = self._adapter.dump_json(endpoint, by_alias=True, exclude_unset=True).decode()
                    self._db.execute("INSERT OR REPLACE INTO endpoint VALUES (?, ?, ?)", (namespace, name, record))
            rows = [(act.n, self._act.dump_json(act).decode()) for act in acts]
            self._db.executemany("INSERT OR REPLACE INTO act VALUES (?, ?)", rows)
            meta = {
                "now": repr(changes.now),
                "serial": str(changes.serial),
                "quotas": json.dumps(changes.quotas),
                "moves": json.dumps(changes.moves),
            }
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())

    def load(self) -> Changes | None:
        """Give everything stored, or None when the file is new.

        :raises SetupError: a row cannot be read.
        """
        meta = self._meta()
        if "now" not in meta:
            return None
        try:
            rows = [
                self._adapter.validate_json(record) for (record,) in self._db.execute("SELECT record FROM endpoint")
            ]
        except ValidationError as error:
            message = f"state file {str(self._path)!r} holds an endpoint that cannot be read: {error}"
            raise SetupError(message) from error
        return Changes(
            {e.key: e for e in rows},
            float(meta["now"]),
            int(meta["serial"]),
            json.loads(meta["quotas"]),
            json.loads(meta.get("moves", "{}")),  # a file that was written before branches could move has none
        )

    def load_audit(self) -> list[Act]:
        """Give the audit log in its order.

        :raises SetupError: a row cannot be read.
        """
        try:
            rows = self._db.execute("SELECT record FROM act ORDER BY n")
            return [self._act.validate_json(record) for (record,) in rows]
        except ValidationError as error:
            message = f"state file {str(self._path)!r} holds an audit entry that cannot be read: {error}"
            raise SetupError(message) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _meta(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM meta").fetchall())
