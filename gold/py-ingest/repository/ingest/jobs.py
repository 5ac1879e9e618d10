"""The queue between the watcher and the workers."""

import threading
import time
from collections import deque
from pathlib import Path

from ingest.models import Job


class JobQueue:
    """A job that was taken comes back when its worker does not finish it within the lease."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._waiting: deque[Job] = deque()
        self._leases: dict[Path, float] = {}
        self._jobs: dict[Path, Job] = {}
        self._lock = threading.Lock()

    def put(self, job: Job) -> bool:
        """False when the job is already known."""
        with self._lock:
            if job.path in self._jobs:
                return False
            self._jobs[job.path] = job
            self._waiting.append(job)
            return True

    def take(self) -> Job | None:
        now = time.time()
        with self._lock:
            for path, until in list(self._leases.items()):
                if until < now:
                    del self._leases[path]
                    self._waiting.append(self._jobs[path])
            if not self._waiting:
                return None
            job = self._waiting.popleft()
            self._leases[job.path] = now + self._lease_seconds
            return job

    def done(self, job: Job) -> None:
        with self._lock:
            self._leases.pop(job.path, None)
            self._jobs.pop(job.path, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._jobs)
