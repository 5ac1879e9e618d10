from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Reading:
    source: str
    sensor: str
    taken_at: datetime
    value: float
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    path: Path

    @property
    def source(self) -> str:
        return self.path.name.split("_", 1)[0]
