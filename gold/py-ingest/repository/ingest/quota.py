"""Bytes that each source has used today."""

from collections.abc import Callable
from datetime import date
from pathlib import Path


class QuotaExceeded(Exception):
    pass


class Quota:
    """Shared by all workers."""

    def __init__(self, limit: int, today: Callable[[], date] = date.today) -> None:
        self._limit = limit
        self._today = today
        self._day = today()
        self._used: dict[str, int] = {}

    def charge(self, source: str, path: Path) -> None:
        """Counts the file, or raises when the source has used up its day."""
        if self._today() != self._day:
            self._day = self._today()
            self._used = {}
        used = self._used.get(source, 0)
        size = path.stat().st_size
        if used + size > self._limit:
            raise QuotaExceeded(f"{source} used {used} of {self._limit} bytes, {path.name} has {size}")
        self._used[source] = used + size

    def used(self, source: str) -> int:
        return self._used.get(source, 0)
