import unittest
from datetime import datetime, timezone

from ingest.parsers import BadLine, parse_csv, parse_jsonl, parse_time


class ParseTest(unittest.TestCase):
    def test_times_without_a_zone_are_utc(self):
        self.assertEqual(parse_time("2024-03-01T12:00:00"), datetime(2024, 3, 1, 12, tzinfo=timezone.utc))
        self.assertEqual(parse_time("2024-03-01T12:00:00+02:00"), datetime(2024, 3, 1, 10, tzinfo=timezone.utc))

    def test_reads_csv(self):
        (reading,) = parse_csv("north", ["sensor,time,value\n", "t1,2024-03-01T12:00:00Z,4.5\n"])
        self.assertEqual((reading.sensor, reading.value), ("t1", 4.5))

    def test_reads_json_lines(self):
        (reading,) = parse_jsonl("north", ['{"sensor": "t1", "time": "2024-03-01", "value": "1", "tags": ["raw"]}', ""])
        self.assertEqual(reading.tags, ["raw"])

    def test_refuses_what_is_no_reading(self):
        with self.assertRaises(BadLine):
            list(parse_csv("north", ["sensor,time,value\n", "t1,yesterday,4.5\n"]))
