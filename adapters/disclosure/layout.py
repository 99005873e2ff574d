"""A record laid out as its schema says: what it does not give is null or an empty list, and it gives nothing else."""
from __future__ import annotations

from functools import lru_cache
from typing import Any

from adapters.avro.errors import Unwritable
from adapters.avro.single_object import Format

FORMATS_MAX = 256


def fitted(form: Format, record: dict[str, Any]) -> dict[str, Any]:
    """Every field of the schema and no other. Raises Unwritable where the record gives what the schema has no place for."""
    laid_out: dict[str, Any] = _fit(form.declared, record, _records(form))
    return laid_out


@lru_cache(maxsize=FORMATS_MAX)
def _records(form: Format) -> dict[str, Any]:
    """The records of a schema by name: the first use declares one, later ones name it."""
    found: dict[str, Any] = {}
    waiting: list[Any] = [form.declared]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if node["type"] == "record":
                found[node["name"]] = node
            waiting += [node["items"]] if "items" in node else [entry["type"] for entry in node.get("fields", ())]
    return found


def _fit(node: Any, value: Any, records: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return None if value is None else _fit(node[1], value, records)
    if isinstance(node, str):
        node = records.get(node, {"type": node})
    if node["type"] == "array":
        return [_fit(node["items"], item, records) for item in value]
    if node["type"] != "record":
        return value
    beyond = value.keys() - {entry["name"] for entry in node["fields"]}
    if beyond:
        raise Unwritable(node["name"], f"has no place for {', '.join(sorted(beyond))}")
    return {
        entry["name"]: _fit(entry["type"], value.get(entry["name"], entry.get("default")), records)
        for entry in node["fields"]
    }
