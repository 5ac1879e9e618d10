"""Readings in SQLite. One connection, one lock; callers may come from any thread."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingest.models import Reading

COLUMNS = ("source", "sensor", "taken_at", "value", "tags")
ORDERS = {"time": "taken_at", "value": "value DESC", "sensor": "sensor, taken_at"}

SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
  source TEXT NOT NULL, sensor TEXT NOT NULL, taken_at TEXT NOT NULL, value REAL NOT NULL, tags TEXT NOT NULL,
  PRIMARY KEY (source, sensor, taken_at)
)
"""


class Storage:
    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        with self._lock, self._connection:
            self._connection.execute(SCHEMA)

    def add(self, readings: Iterable[Reading]) -> int:
        """All of them or none. A reading that is there already is replaced."""
        rows = [
            (one.source, one.sensor, one.taken_at.isoformat(), one.value, json.dumps(one.tags)) for one in readings
        ]
        with self._lock, self._connection:
            self._connection.executemany(
                f"INSERT OR REPLACE INTO readings ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?)", rows
            )
        return len(rows)

    def of_sensors(self, sensors: Sequence[str]) -> list[tuple]:
        marks = ", ".join("?" * len(sensors))
        query = f"SELECT {', '.join(COLUMNS)} FROM readings WHERE sensor IN ({marks}) ORDER BY taken_at"
        with self._lock:
            return self._connection.execute(query, tuple(sensors)).fetchall()

    def find(self, source: str, order: str = "time", limit: int = 100) -> list[tuple]:
        query = (
            f"SELECT {', '.join(COLUMNS)} FROM readings "
            f"WHERE source = '{source}' ORDER BY {ORDERS[order]} LIMIT {int(limit)}"
        )
        with self._lock:
            return self._connection.execute(query).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()
