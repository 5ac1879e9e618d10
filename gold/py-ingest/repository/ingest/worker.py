"""Threads that take jobs and carry them out."""

import logging
import threading

from ingest.archive import pack_away, set_aside
from ingest.config import Config
from ingest.jobs import JobQueue
from ingest.models import Job
from ingest.quota import Quota, QuotaExceeded
from ingest.readers import read_file
from ingest.storage import Storage

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2


class Worker(threading.Thread):
    def __init__(self, name: str, config: Config, jobs: JobQueue, quota: Quota, storage: Storage) -> None:
        super().__init__(name=name)
        self._config = config
        self._jobs = jobs
        self._quota = quota
        self._storage = storage
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            job = self._jobs.take()
            if job is None:
                self._stopping.wait(IDLE_SECONDS)
                continue
            try:
                self._handle(job)
            except OSError:
                log.exception("%s could not be set aside", job.path)
            finally:
                self._jobs.done(job)

    def _handle(self, job: Job) -> None:
        try:
            stored = self._load(job)
            log.info("%s: %d readings", job.path.name, stored)
        except QuotaExceeded as error:
            log.warning("%s", error)
            set_aside(job.path, self._config.failed, str(error))
        except Exception as error:
            log.exception("%s failed", job.path)
            set_aside(job.path, self._config.failed, f"{type(error).__name__}: {error}")

    def _load(self, job: Job) -> int:
        self._quota.charge(job.source, job.path)
        stored = self._storage.add(read_file(job.source, job.path))
        pack_away(job.path, self._config.archive)
        return stored
