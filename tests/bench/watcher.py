"""`python -m tests.bench.watcher BOOTSTRAP TOPIC GROUP EXPECTED NOTES READY SEEN`: notes when each record came.

READY comes into being once the consumer stands at the topic's end; SEEN gets a byte for each of the first records.
"""
from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition

SECONDS_MAX = 600.0
SEEN_MAX = 20


def main(bootstrap: str, topic: str, group: str, expected: str, notes: str, ready: str, seen: str) -> int:
    """From the topic's present end; 1 where the records did not all come."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": group, "isolation.level": "read_committed",
        "auto.commit.interval.ms": 1_000, "enable.partition.eof": True, "auto.offset.reset": "earliest",
    })
    end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)[1]
    consumer.assign([TopicPartition(topic, 0, end)])
    arrivals, deadline = list[float](), time.monotonic() + SECONDS_MAX
    while len(arrivals) < int(expected) and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            arrivals.append(time.monotonic())
            if len(arrivals) <= SEEN_MAX:
                with Path(seen).open("ab") as file:
                    file.write(b".")
        elif error.code() == KafkaError._PARTITION_EOF:
            Path(ready).touch()
        else:
            raise SystemExit(f"the consumer cannot read: {error}")
    consumer.close()
    Path(notes).write_text(json.dumps(arrivals))
    return 0 if len(arrivals) == int(expected) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
