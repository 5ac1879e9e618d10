"""Looks for new files and shows how the work is going on a local port."""

import asyncio
import json
import logging
import time
from pathlib import Path

from ingest.jobs import JobQueue
from ingest.models import Job
from ingest.readers import PARSERS

log = logging.getLogger(__name__)

SUFFIXES = {*PARSERS, ".zip"}


def settled(path: Path, seconds: float) -> bool:
    """Whether nobody has written to the file for a while."""
    return time.time() - path.stat().st_mtime >= seconds


def scan(inbox: Path, seconds: float, attempts: int = 3) -> list[Path]:
    """Files that are ready. The inbox is a network mount that goes away for moments."""
    for attempt in range(attempts):
        try:
            return sorted(
                path for path in inbox.iterdir() if path.suffix.lower() in SUFFIXES and settled(path, seconds)
            )
        except OSError:
            if attempt == attempts - 1:
                raise
            time.sleep(0.5 * 2**attempt)
    return []


async def watch(inbox: Path, jobs: JobQueue, scan_seconds: float, settle_seconds: float) -> None:
    while True:
        try:
            for path in await asyncio.to_thread(scan, inbox, settle_seconds):
                if jobs.put(Job(path)):
                    log.info("found %s", path.name)
        except OSError as error:
            log.error("inbox cannot be read: %s", error)
        time.sleep(scan_seconds)


async def serve_status(jobs: JobQueue, port: int) -> asyncio.Server:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps({"jobs": len(jobs)}).encode() + b"\n")
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


async def run(inbox: Path, jobs: JobQueue, scan_seconds: float, settle_seconds: float, port: int) -> None:
    async with await serve_status(jobs, port):
        await watch(inbox, jobs, scan_seconds, settle_seconds)
