"""Daily sums for each sensor, for the partners' portal."""

from collections import defaultdict
from datetime import date, datetime, timezone


def day_of(text: str) -> date:
    """The UTC day of a time as partners write it."""
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc).date()


def daily_means(entries: list[tuple[str, str, float]]) -> dict[tuple[str, date], float]:
    """Means of `(sensor, time, value)` for each sensor and day."""
    values: dict[tuple[str, date], list[float]] = defaultdict(list)
    for sensor, time, value in entries:
        values[sensor, day_of(time)].append(value)
    return {key: sum(found) / len(found) for key, found in sorted(values.items())}
