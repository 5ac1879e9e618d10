"""Lines of a file to readings."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from ingest.models import Reading


class BadLine(ValueError):
    """A line that is not a reading."""


def parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def make_reading(source: str, sensor: str, time: str, value: str, tags: list[str] = []) -> Reading:
    try:
        number = float(value)
        taken_at = parse_time(time)
    except ValueError as error:
        raise BadLine(f"{sensor} {time} {value}: {error}") from error
    if number < 0:
        tags.append("negative")
    return Reading(source, sensor, taken_at, number, tags)


def parse_csv(source: str, lines: Iterable[str]) -> Iterator[Reading]:
    """`sensor,time,value`, the first line names the columns."""
    for row in csv.DictReader(lines):
        try:
            yield make_reading(source, row["sensor"], row["time"], row["value"])
        except (KeyError, TypeError) as error:
            raise BadLine(f"incomplete line {row}") from error


def parse_jsonl(source: str, lines: Iterable[str]) -> Iterator[Reading]:
    for line in lines:
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            yield make_reading(source, item["sensor"], item["time"], item["value"], list(item.get("tags", [])))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise BadLine(f"not a reading: {line[:80]!r}") from error
