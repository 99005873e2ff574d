"""`commands`: what a line may say."""
from __future__ import annotations

from typing import Annotated, Any

import typer

from adapters.cli.console import USAGE, AsJson, end, heading, say, table, tell_json


def commands(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One command; without it, all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every command that can be submitted: what it records, and its fields.

    A line is {"command", "command_id", "agency", "case", "actor", "occurred_at", "learned_at", "data"}: `case` is left
    out for what concerns the agency alone, `learned_at` where it is the same as `occurred_at`; `data` has the fields.
    An id is a uuid of ours, or {"source": "cms.child", "id": "4711"}: what another system numbers so.

    Example: casebridge commands TakeIntoCustody --json
    Next: write a line for each thing that happened and send them with `casebridge submit FILE`.
    """
    from adapters.commands import json_schema
    from domain.catalogue import CASE_COMMANDS
    from domain.submission import COMMANDS

    if name is not None and name not in COMMANDS:
        raise end(USAGE, f"there is no command {name}: `casebridge commands` lists them")
    chosen = [COMMANDS[name]] if name is not None else [COMMANDS[known] for known in sorted(COMMANDS)]
    schemas = [json_schema(declared) for declared in chosen]
    if as_json:
        tell_json(schemas[0] if name is not None else {schema["title"]: schema for schema in schemas})
    elif name is not None:
        heading(name)
        say(schemas[0]["description"])
        say("About a case: give its `case`." if chosen[0] in CASE_COMMANDS else "About the agency: leave `case` out.")
        table(("field", "type", "needed"), _fields(schemas[0]))
    else:
        table(
            ("command", "records", "fields (those in brackets may be left out)"),
            [(schema["title"], schema["description"], _short(schema)) for schema in schemas],
        )


def _short(schema: dict[str, Any]) -> str:
    required = schema["required"]
    return ", ".join(name if name in required else f"[{name}]" for name in schema["properties"]) or "none"


def _fields(schema: dict[str, Any], prefix: str = "") -> list[tuple[str, str, str]]:
    rows = []
    for name, declared in schema["properties"].items():
        inner = declared.get("items", declared)
        needed = "yes" if name in schema["required"] else ""
        rows.append((prefix + name, ("list of " if "items" in declared else "") + _type(inner), needed))
        if "properties" in inner:
            rows += _fields(inner, f"{prefix}{name}.")
    return rows


def _type(declared: dict[str, Any]) -> str:
    if "enum" in declared:
        return " | ".join(declared["enum"])
    words = {"uuid": "id", "date": "date", "boolean": "true or false", "integer": "whole number", "object": "object"}
    return words.get(declared.get("format") or declared["type"], "time with zone" if "description" in declared else "text")
