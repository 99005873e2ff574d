"""Stored rows as one version of Casebridge wrote them, kept for ever: `python -m tests.golden.stored NAME` writes a new set.

A set is a file of rows, with the keys that open their boxes (of invented people) and what each row said when it was
written. No set is ever written again or removed.
"""
from __future__ import annotations

import json
import sys
import tempfile
from base64 import b64decode, b64encode
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from domain.events import Compartment
from domain.ports import KeyName, Recorded

HERE = Path(__file__).resolve().parent


class GoldenKeys:
    """The keys of one set, and no other."""

    def __init__(self, keys: list[dict[str, Any]]) -> None:
        self._keys = {
            (KeyName(case=UUID(k["case"]), person=UUID(k["person"]), compartment=Compartment(k["compartment"])),
             int(k["generation"])): bytes.fromhex(k["key"])
            for k in keys
        }

    def current(self, name: KeyName) -> tuple[int, bytes]:
        raise AssertionError("a golden set is never written to")

    def open(self, name: KeyName, generation: int) -> bytes | None:
        return self._keys.get((name, generation))

    def command_key(self) -> bytes:
        return bytes(32)


def load(path: Path) -> tuple[list[tuple[Recorded, dict[str, str]]], GoldenKeys]:
    """The rows of a set with what each said, and its keys."""
    document = json.loads(path.read_text(encoding="utf-8"))
    rows = [
        (Recorded(
            position=row["position"], event_id=UUID(row["event_id"]), stream=row["stream"], version=row["version"],
            topic=row["topic"], state=b64decode(row["state"]), recorded_at=datetime.fromisoformat(row["recorded_at"]),
        ), dict(row["said"]))
        for row in document["rows"]
    ]
    return rows, GoldenKeys(document["keys"])


def said(event: object) -> dict[str, str]:
    """Every field of an event as text that does not depend on the order of anything."""
    return {item.name: repr(getattr(event, item.name)) for item in fields(cast(Any, event))}


def write(name: str) -> Path:
    from tests.e2e.embedded import H1, H2, embedded

    path = HERE / f"{name}.json"
    assert not path.exists(), f"{path.name} is kept for ever: choose another name"
    with tempfile.TemporaryDirectory() as folder, embedded(Path(folder)) as made:
        opened: dict[tuple[KeyName, int], bytes] = {}
        keys = made.casebridge.keys
        for history in (H1, H2):
            made.play(history)
        made.casebridge.codec.drop_keys()
        rows = made.casebridge.log.read_log(after=0, limit=5_000)

        class Watching:
            def current(self, key: KeyName) -> tuple[int, bytes]:
                return keys.current(key)

            def open(self, key: KeyName, generation: int) -> bytes | None:
                found = keys.open(key, generation)
                if found is not None:
                    opened[key, generation] = found
                return found

            def command_key(self) -> bytes:
                return keys.command_key()

        from adapters.avro import EventCodec

        codec = EventCodec(made.casebridge.registry, Watching())
        document = {
            "rows": [
                {
                    "position": row.position, "event_id": str(row.event_id), "stream": row.stream, "version": row.version,
                    "topic": row.topic, "recorded_at": row.recorded_at.isoformat(),
                    "state": b64encode(row.state).decode(), "said": said(codec.decode(row).event),
                }
                for row in rows
            ],
            "keys": [
                {"case": str(key.case), "person": str(key.person), "compartment": key.compartment.value,
                 "generation": generation, "key": value.hex()}
                for (key, generation), value in opened.items()
            ],
        }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    print(write(sys.argv[1]))
