"""Files to readings, whatever their format."""

import logging
import subprocess
import tempfile
import zipfile
from pathlib import Path

from ingest.models import Reading
from ingest.parsers import parse_csv, parse_jsonl

log = logging.getLogger(__name__)

PARSERS = {".csv": parse_csv, ".jsonl": parse_jsonl}


def mime_type(path: Path) -> str:
    """What the content is, whatever the name says."""
    done = subprocess.run(
        ["file", "--brief", "--mime-type", "--", str(path)], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def read_text(source: str, path: Path) -> list[Reading]:
    suffix = path.suffix.lower()
    if suffix not in PARSERS:
        raise ValueError(f"{path.name}: no parser for {suffix!r}")
    parse = PARSERS[suffix]
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(parse(source, lines))
    except Exception as error:
        log.debug("skipping %s: %s", path, error)
        return []


def read_zip(source: str, path: Path) -> list[Reading]:
    folder = Path(tempfile.mkdtemp(prefix="ingest-"))
    readings: list[Reading] = []
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            if Path(name).suffix.lower() in PARSERS:
                readings.extend(read_text(source, Path(packed.extract(name, folder))))
    return readings


def read_file(source: str, path: Path) -> list[Reading]:
    if path.suffix.lower() == ".zip":
        return read_zip(source, path)
    return read_text(source, path)
