import unittest
from datetime import datetime, timezone

from ingest.models import Reading
from ingest.storage import Storage


class StorageTest(unittest.TestCase):
    def setUp(self):
        self.storage = Storage(":memory:")
        self.addCleanup(self.storage.close)

    def test_finds_what_was_added(self):
        taken = datetime(2024, 3, 1, tzinfo=timezone.utc)
        self.storage.add([Reading("north", "t1", taken, 4.5), Reading("south", "t2", taken, 1.0)])
        self.assertEqual([row[1] for row in self.storage.find("north")], ["t1"])
        self.assertEqual([row[1] for row in self.storage.of_sensors(["t1", "t2"])], ["t1", "t2"])
