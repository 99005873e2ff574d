"""A feed read from Kafka and kept in a SQLite file: copy it and put your own store where `Kept` is.

    pip install kafka-python fastavro
    export FEED_BROKERS=kafka.example:9094 FEED_OFFICE=cons-mx.el-paso FEED_PASSWORD=...   # from your agency
    python consumer.py schemas/published kept.db          # or with --once: stop when nothing is left

It keeps each entry once, checks that no number is missing, and commits only after it has kept: the commit is the hand-over.
Where numbers are missing it ends and says which; when you have got them from your agency, `--from N` goes on at N.
After the agency brought its log back from a copy, numbers come again in a new epoch (`ce_feedepoch`), as other entries.
FEED_SECURITY (SASL_SSL), FEED_CA (a file) and FEED_PREFIX (casebridge) are for agencies that differ.
"""
import argparse
import contextlib
import hashlib
import io
import json
import os
import pathlib
import sqlite3

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form
from kafka import KafkaConsumer

COLUMNS = ("number", "epoch", "id", "type", "case", "sequence", "releases", "salt", "digest", "value", "told", "note")
MARKER = b"\xc3\x01"  # Avro single-object encoding: marker, eight bytes of the schema's fingerprint, body
PLACEHOLDER = "casebridge.published.Placeholder"
POLL_SECONDS, IDLE_POLLS_MAX = 1, 5
ASKED = {  # By text_code of a Disregard. The copy in the file goes by itself; look for others.
    "disregard": "number {} is withdrawn: do not rely on it, keep no copy of it, and tell your agency so",
    "erase": "a court ordered number {} erased: erase every copy of it, and confirm to your agency that you did",
}
MISSING = """numbers {} to {} are missing: {} came, and nothing of it was committed. A topic keeps seven days. Get them from
your agency, then go on with --from {}: a commit past them says to the agency that you have them."""


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
    """What was kept, and the last number and its epoch; all that is added is kept at once, by `keep`."""

    def __init__(self, path, first=None):
        self.file, self.first = sqlite3.connect(path), first
        self.file.execute("PRAGMA secure_delete = ON")  # What is withdrawn is overwritten.
        self.file.execute(f"CREATE TABLE IF NOT EXISTS kept ({', '.join(map(repr, COLUMNS))})")
        newest = self.file.execute("SELECT epoch, number FROM kept ORDER BY rowid DESC LIMIT 1").fetchone()
        self.epoch, self.last = newest or ("", 0)

    def put(self, **entry):
        self.file.execute("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [entry.get(c) for c in COLUMNS])
        self.epoch, self.last = entry["epoch"], entry["number"]

    def add(self, record, known):
        headers = {name: value.decode() for name, value in record.headers}
        number, kind, salt = int(headers["ce_feednumber"]), headers["ce_type"], headers.get("ce_salt")
        epoch, expected = headers.get("ce_feedepoch", ""), self.last + 1
        known_id = self.file.execute("SELECT 1 FROM kept WHERE id = ?", (headers["ce_id"],)).fetchone()
        if known_id or (epoch == self.epoch and number <= self.last):
            return  # It came twice, or after it was noted as missing.
        if epoch != self.epoch:  # It begins where the agency's copy ended, whatever you have after that.
            expected = min(expected, int(headers.get("ce_feedfrom", "1")))
        if number not in (expected, self.first):
            raise SystemExit(MISSING.format(expected, number - 1, number, number))
        if number != expected:
            self.put(number=number - 1, epoch=epoch, note=f"from {expected} to here: missing in the topic")
        elif number <= self.last:
            print(f"the agency has lost numbers {number} to {self.last} as you have them: keep them, tell it what they are")
        told = decoded(known, record.value) if kind != PLACEHOLDER else {}  # The number of a placeholder carries nothing.
        # With salt and bytes you can prove what you were given: the agency keeps this digest too.
        digest = salt and hashlib.sha256(bytes.fromhex(salt) + record.value).hexdigest()
        self.put(number=number, epoch=epoch, id=headers["ce_id"], type=kind, case=record.key.decode(),
                 sequence=headers["ce_sequence"],
                 releases=headers.get("ce_releases"),  # Held back once: this is the content of that earlier number.
                 salt=salt, digest=digest, value=record.value, told=json.dumps(told, default=str))
        if "withdraws" in told:
            self.file.execute("UPDATE kept SET salt = NULL, value = NULL, told = NULL, note = ? WHERE rowid = "
                              "(SELECT max(rowid) FROM kept WHERE number = ?)",
                              (told["text_code"], told["withdraws"]))
            asked = ASKED.get(told["text_code"], "number {} is withdrawn: ask your agency what to do")
            print(asked.format(told["withdraws"]))

    def keep(self):
        self.file.commit()


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


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("schemas", "kept"):
        words.add_argument(name)
    words.add_argument("--once", action="store_true")
    words.add_argument("--from", type=int, dest="first", metavar="N")
    given = words.parse_args()
    known, kept, idle = schemas(given.schemas), Kept(given.kept, given.first), 0
    with contextlib.closing(consumer()) as reading:  # Else the group waits for it, when this program ends at a gap.
        while not given.once or idle < IDLE_POLLS_MAX:
            batches = reading.poll(timeout_ms=POLL_SECONDS * 1000).values()
            idle = 0 if batches else idle + 1
            for record in (record for batch in batches for record in batch):
                kept.add(record, known)
            if batches:
                kept.keep()
                reading.commit()
                print(f"kept up to number {kept.last}")


if __name__ == "__main__":
    main()
