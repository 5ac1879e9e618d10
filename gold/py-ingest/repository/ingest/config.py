"""Settings, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Config:
    database: Path = Path("ingest.db")
    archive: Path = Path("archive")
    failed: Path = Path("failed")
    workers: int = 4
    quota: int = 500_000_000
    lease_seconds: float = 60.0
    scan_seconds: float = 5.0
    settle_seconds: float = 10.0


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    default = Config()
    return Config(
        database=Path(environment.get("INGEST_DATABASE", default.database)),
        archive=Path(environment.get("INGEST_ARCHIVE", default.archive)),
        failed=Path(environment.get("INGEST_FAILED", default.failed)),
        workers=int(environment.get("INGEST_WORKERS", default.workers)),
        quota=int(environment.get("INGEST_QUOTA", default.quota)),
    )
