"""Where files go when they have been dealt with."""

import os
import subprocess
from pathlib import Path


def pack_away(path: Path, archive: Path) -> Path:
    """Compresses the file into the archive and removes it from the inbox."""
    archive.mkdir(parents=True, exist_ok=True)
    target = archive / f"{path.name}.gz"
    subprocess.run(f"gzip --stdout '{path}' > '{target}'", shell=True, check=True)
    path.unlink()
    return target


def set_aside(path: Path, failed: Path, reason: str) -> Path:
    """Moves a file that could not be read, with the reason beside it."""
    failed.mkdir(parents=True, exist_ok=True)
    target = failed / path.name
    os.replace(path, target)
    target.with_name(f"{target.name}.reason").write_text(reason + "\n", encoding="utf-8")
    return target
