"""A feed read from Kafka and kept in a file: copy it and put your own store where `Kept` is.

    pip install kafka-python fastavro
    export FEED_BROKERS=kafka.example:9094 FEED_OFFICE=cons-mx.el-paso FEED_PASSWORD=...   # from your agency
    python consumer.py schemas/published kept.jsonl          # or with --once: stop when nothing is left

It keeps each entry once, checks that no number is missing, and commits only after it has kept: the commit is the hand-over.
After the agency brought its log back from a copy, numbers come again in a new epoch (`ce_feedepoch`), as other entries.
FEED_SECURITY (SASL_SSL), FEED_CA (a file) and FEED_PREFIX (casebridge) are for agencies that differ.
"""
import hashlib
import io
import json
import os
import pathlib
import sys

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form
from kafka import KafkaConsumer

MARKER = b"\xc3\x01"  # Avro single-object encoding: marker, eight bytes of the schema's fingerprint, body
DISREGARD, PLACEHOLDER = "casebridge.published.Disregard", "casebridge.published.Placeholder"
POLL_SECONDS, IDLE_POLLS_MAX = 1, 5


def schemas(folder):
    """Every published schema by its fingerprint; an entry names the one that wrote it, which may be an older one."""
    found = {}
    for path in pathlib.Path(folder).glob("*.avsc"):
        schema = fastavro.parse_schema(json.loads(path.read_text(encoding="utf-8")))
        found[bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))] = schema
    return found


def decoded(known, value):
    if value[:2] != MARKER or value[2:10] not in known:
        raise SystemExit("an entry of a schema that you do not have: get the newest schemas and start again")
    return fastavro.schemaless_reader(io.BytesIO(value[10:]), known[value[2:10]], None)


class Kept:
    """What was kept, a line of JSON each, and which number of which epoch comes next."""

    def __init__(self, path):
        self.file = pathlib.Path(path).open("a+", encoding="utf-8")
        self.file.seek(0)
        lines = self.file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):  # Torn when this program was killed, and so not committed.
            self.file.truncate(sum(len(line.encode()) for line in lines[:-1]))
            lines.pop()
        entries = [json.loads(line) for line in lines]
        self.ids = {entry["id"] for entry in entries}
        self.epoch, self.last = (entries[-1]["epoch"], entries[-1]["number"]) if entries else ("", 0)

    def add(self, record, known):
        headers = {name: value.decode() for name, value in record.headers}
        number, epoch = int(headers["ce_feednumber"]), headers.get("ce_feedepoch", "")
        if headers["ce_id"] in self.ids:
            return  # It came twice: kept, and not yet committed when this program ended.
        expected = self.last + 1
        if epoch != self.epoch:  # It begins where the agency's copy ended, whatever you have after that.
            expected = min(expected, int(headers.get("ce_feedfrom", "1")))
        if number != expected:
            raise SystemExit(f"number {expected} is missing: {number} came. Tell your agency; nothing was committed.")
        if number <= self.last:
            print(f"the agency has lost numbers {number} to {self.last} as you have them: keep them, tell it what they are")
        entry = {"number": number, "epoch": epoch, "id": headers["ce_id"], "case": record.key.decode()}
        entry |= {"type": headers["ce_type"]}
        if headers["ce_type"] != PLACEHOLDER:  # The number of a placeholder carries nothing.
            told = decoded(known, record.value)
            # With salt and bytes you can prove what you were given: the agency keeps this digest too.
            digest = hashlib.sha256(bytes.fromhex(headers["ce_salt"]) + record.value).hexdigest()
            entry |= {"salt": headers["ce_salt"], "value": record.value.hex(), "digest": digest, "told": told}
            if headers["ce_type"] == DISREGARD:
                entry["disregard"] = told["withdraws"]
                print(f"number {told['withdraws']} was sent in error: stop using it, erase it, and tell your agency so")
        self.file.write(json.dumps(entry, default=str) + "\n")
        self.epoch, self.last = epoch, number
        self.ids.add(entry["id"])

    def keep(self):
        self.file.flush()
        os.fsync(self.file.fileno())


def consumer():
    prefix, office = os.environ.get("FEED_PREFIX", "casebridge"), os.environ["FEED_OFFICE"]
    return KafkaConsumer(
        f"{prefix}.feed.{office}.v1",
        bootstrap_servers=os.environ["FEED_BROKERS"].split(","),
        group_id=f"{prefix}.{office}",
        isolation_level="read_committed",  # What is not committed may never have been sent.
        enable_auto_commit=False,  # Only after it was kept.
        auto_offset_reset="earliest",
        security_protocol=os.environ.get("FEED_SECURITY", "SASL_SSL"),
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=f"{prefix}.{office}",
        sasl_plain_password=os.environ["FEED_PASSWORD"],
        ssl_cafile=os.environ.get("FEED_CA"),
    )


def main(folder, path, *options):
    known, kept, reading, idle = schemas(folder), Kept(path), consumer(), 0
    while "--once" not in options or idle < IDLE_POLLS_MAX:
        batches = reading.poll(timeout_ms=POLL_SECONDS * 1000).values()
        idle = 0 if batches else idle + 1
        for record in (record for batch in batches for record in batch):
            kept.add(record, known)
        if batches:
            kept.keep()
            reading.commit()
            print(f"kept up to number {kept.last}")
    reading.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
