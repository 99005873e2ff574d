"""The histories adopt the texts that are shipped, to the letter: `python -m tests.adopted_texts` brings them up to date."""
from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HISTORIES = sorted((ROOT / "tests/histories").glob("*.jsonl"))


def _id(text: str) -> tuple[str, ...]:
    """What a text is: a pack or a calendar by its id, a contract by its partner, whatever its version."""
    document = tomllib.loads(text)
    for kind in ("pack", "calendar"):
        if kind in document:
            return kind, str(document[kind]["id"])
    return "contract", str(document["contract"]["recipient_kind"])


@cache
def shipped() -> dict[tuple[str, ...], str]:
    """The last version of each."""
    folders = (ROOT / "domain" / name for name in ("packs", "calendars", "contracts"))
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.glob("*.toml"))]
    return {_id(text): text for text in texts}


def up_to_date(line: dict[str, Any]) -> dict[str, Any]:
    """The line as it is, or with the shipped text of what it adopts."""
    if not line["command"].startswith("Adopt") or "text" not in line["data"]:
        return line
    return {**line, "data": {**line["data"], "text": shipped()[_id(line["data"]["text"])]}}


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    for history in HISTORIES:
        told = "".join(json.dumps(up_to_date(line), ensure_ascii=False) + "\n" for line in read(history))
        if told != history.read_text(encoding="utf-8"):
            history.write_text(told, encoding="utf-8")
            print(f"brought up to date: {history.name}")
