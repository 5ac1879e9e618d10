import unittest
from pathlib import Path

from ingest.jobs import JobQueue
from ingest.models import Job


class JobQueueTest(unittest.TestCase):
    def test_a_job_is_known_until_it_is_done(self):
        jobs = JobQueue(lease_seconds=60)
        job = Job(Path("north_1.csv"))
        self.assertTrue(jobs.put(job))
        self.assertFalse(jobs.put(job))
        self.assertEqual(jobs.take(), job)
        self.assertIsNone(jobs.take())
        jobs.done(job)
        self.assertTrue(jobs.put(job))
