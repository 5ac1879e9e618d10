"""The command line."""

import argparse
import asyncio
import csv
import fcntl
import logging
import sys
from pathlib import Path

from ingest.archive import pack_away
from ingest.config import Config, read_config
from ingest.jobs import JobQueue
from ingest.quota import Quota
from ingest.readers import mime_type, read_file
from ingest.report import daily_means
from ingest.storage import ORDERS, Storage
from ingest.watcher import run
from ingest.worker import Worker

_held_locks = []


def lock_inbox(inbox: Path) -> None:
    """Held until the process ends."""
    handle = open(inbox / ".lock", "w", encoding="utf-8")
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _held_locks.append(handle)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ingest")
    parser.add_argument("--verbose", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True)
    watch = commands.add_parser("watch", help="take files from a folder until interrupted")
    watch.add_argument("inbox", type=Path)
    watch.add_argument("--port", type=int, default=8099)
    load = commands.add_parser("load", help="take single files")
    load.add_argument("files", nargs="+", type=Path)
    load.add_argument("--keep", action="store_true", help="leave the files where they are")
    find = commands.add_parser("find", help="list readings of a source")
    find.add_argument("--source", required=True)
    find.add_argument("--order", choices=sorted(ORDERS), default="time")
    find.add_argument("--limit", type=int, default=100)
    report = commands.add_parser("report", help="daily means of a CSV file, before it is loaded")
    report.add_argument("file", type=Path)
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO, stream=sys.stderr)
    config = read_config()
    if options.command == "watch":
        return watch_inbox(config, options.inbox, options.port)
    if options.command == "report":
        with options.file.open(encoding="utf-8-sig", newline="") as lines:
            entries = [(row["sensor"], row["time"], float(row["value"])) for row in csv.DictReader(lines)]
        for (sensor, day), mean in daily_means(entries).items():
            print(f"{sensor}\t{day}\t{mean:.3f}")
        return 0
    storage = Storage(config.database)
    try:
        if options.command == "find":
            for row in storage.find(options.source, options.order, options.limit):
                print("\t".join(str(value) for value in row))
            return 0
        return load_files(config, storage, options.files, options.keep)
    finally:
        storage.close()


def load_files(config: Config, storage: Storage, files: list[Path], keep: bool) -> int:
    wrong = 0
    for path in files:
        if not mime_type(path).startswith(("text/", "application/")):
            print(f"{path}: neither text nor an archive", file=sys.stderr)
            wrong += 1
            continue
        source = path.name.split("_", 1)[0]
        print(f"{path}: {storage.add(read_file(source, path))} readings")
        if not keep:
            pack_away(path, config.archive)
    return 1 if wrong else 0


def watch_inbox(config: Config, inbox: Path, port: int) -> int:
    lock_inbox(inbox)
    storage = Storage(config.database)
    jobs = JobQueue(config.lease_seconds)
    quota = Quota(config.quota)
    workers = [Worker(f"worker-{n}", config, jobs, quota, storage) for n in range(config.workers)]
    for worker in workers:
        worker.start()
    try:
        asyncio.run(run(inbox, jobs, config.scan_seconds, config.settle_seconds, port))
    except KeyboardInterrupt:
        pass
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join()
        storage.close()
    return 0
