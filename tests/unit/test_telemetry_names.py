"""The names that leave are those of the pinned conventions, and none that they have deprecated."""
from __future__ import annotations

import ast
import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest
from opentelemetry.semconv.schemas import Schemas

from adapters.telemetry.names import SCHEMA_URL, Conventional, Own

CONVENTIONS = Path(str(importlib.util.find_spec("opentelemetry.semconv").origin)).parent  # type: ignore[union-attr]
VALUES = {
    "db.system.name": {"sqlite", "postgresql"}, "messaging.system": {"kafka"},
    "messaging.operation.type": {"send", "process"}, "http.request.method": {"POST"}, "error.type": {"_OTHER"},
}


def names(of: type) -> set[str]:
    return {value for name, value in vars(of).items() if name.isupper()}


def documented() -> dict[str, list[str]]:
    """Every name of an attribute or a metric, and what is said of it wherever it is declared."""
    found: dict[str, list[str]] = {}
    for path in [*CONVENTIONS.rglob("attributes/*.py"), *CONVENTIONS.rglob("metrics/*.py")]:
        body = ast.parse(path.read_text()).body
        for declared, said in pairwise(body):
            match declared, said:
                case (ast.AnnAssign(value=ast.Constant(value=str(name))), ast.Expr(value=ast.Constant(value=str(doc)))):
                    found.setdefault(name, []).append(doc)
    return found


def enumerated() -> set[str]:
    """Every value that some attribute's enumeration lists."""
    found = set()
    for path in CONVENTIONS.rglob("attributes/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.AnnAssign(value=ast.Constant(value=str(value))) | ast.Assign(value=ast.Constant(value=str(value))):
                    found.add(value)
    return found


def drift(ours: set[str]) -> dict[str, str]:
    known = documented()
    return {
        name: "deprecated" if name in known else "unknown" for name in ours
        if not any("Deprecated" not in doc for doc in known.get(name, ()))
    }


def test_every_conventional_name_is_in_the_conventions_and_not_deprecated() -> None:
    assert len(documented()) > 500, "the conventions were looked for in the wrong place"
    assert drift(names(Conventional)) == {}


@pytest.mark.parametrize(("name", "why"), [
    ("messaging.operation", "deprecated"), ("messaging.kafka.consumer.group", "deprecated"),
    ("db.system", "deprecated"), ("messaging.made.up", "unknown"),
])
def test_a_name_that_was_removed_or_never_was_is_found(name: str, why: str) -> None:
    assert drift({name}) == {name: why}


def test_the_values_are_those_of_the_conventions() -> None:
    assert set().union(*VALUES.values()) - enumerated() == set()


def test_the_schema_is_the_newest_that_is_installed() -> None:
    urls = [schema.value for schema in Schemas]
    newest = max(urls, key=lambda url: tuple(map(int, url.rpartition("/")[2].split("."))))
    assert newest == SCHEMA_URL


def test_our_own_names_stand_apart() -> None:
    assert all(name.startswith("casebridge.") for name in names(Own))
    assert not names(Own) & set(documented())
