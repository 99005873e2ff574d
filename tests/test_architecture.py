"""Arrows point at `domain`: who may import whom, which library lives where, and what a pure module may not touch."""

import ast
import enum
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.events import contract

ROOT = Path(__file__).parents[1]

# Where each third-party library may be imported; one that is not listed may be imported nowhere.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "avro": ("adapters.avro",),
    "cryptography": ("adapters.keys", "adapters.avro", "adapters.evidence", "adapters.channels"),
    "eventsourcing": ("adapters.eventstore",),
    "fastavro": ("adapters.avro",),
    "holidays": ("adapters",),
    "kafka": ("adapters.kafka", "adapters.channels.kafka_feed"),
    "opentelemetry": ("adapters.telemetry",),
    "psycopg": ("adapters",),
    "psycopg_pool": ("adapters",),
    "pydantic": ("adapters",),
    "pydantic_settings": ("adapters",),
    "rich": ("adapters.cli",),
    "sqlalchemy": ("adapters", "projections"),
    "standardwebhooks": ("adapters.channels", "adapters.partners"),
    "starlette": ("adapters.http", "adapters.web"),
    "typer": ("adapters.cli",),
    "urllib3": ("adapters.channels",),
    "uvicorn": ("adapters.http",),
}

# Which of our own packages each package may import.
OWN = {
    "domain": ("domain",),
    "projections": ("domain", "projections"),
    "adapters": ("domain", "projections", "adapters"),
}

# Projections know events, not rules. Of any other module of the domain they may take event classes and
# vocabulary (enumerations, which event asks and which replies), never a decider, a state or a rule.
PROJECTIONS_MAY_READ = (
    "domain.agency.events",
    "domain.case.asking",
    "domain.countries",
    "domain.events",
    "domain.facts",
    "domain.people",
    "domain.personal",
    "domain.ports",
    "domain.refusals",
    "domain.requests",
)

COMPOSITION = "adapters.composition"

# A clock, a random number, an environment or a device of the machine: a decider gets all of these as data.
IMPURE_MODULES = {
    "asyncio", "ftplib", "getpass", "http", "io", "locale", "logging", "multiprocessing", "os", "platform", "random",
    "secrets", "shutil", "signal", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading",
    "time", "urllib",
}  # fmt: skip
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom", "getenv", "open", "input", "print"}


class Import(NamedTuple):
    """`from module import name` (or `import module`, name None) in the module `by`."""

    by: str
    module: str
    name: str | None
    line: int
    relative: bool

    def __str__(self) -> str:
        taken = f" ({self.name})" if self.name else ""
        return f"{self.by}, line {self.line}: imports {self.module}{taken}"


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text(), str(path))


def imports(by: str, tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(by, alias.name, None, node.lineno, relative=False)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(by, node.module or "", alias.name, node.lineno, relative=node.level > 0)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def forbidden(imported: Import) -> bool:
    """Whether the layers or the list of libraries rule the import out."""
    package, root = imported.by.partition(".")[0], imported.module.partition(".")[0]
    if imported.relative:
        return True
    if root in sys.stdlib_module_names:
        return package == "domain" and root in IMPURE_MODULES
    if root in {"domain", "projections", "adapters", "tests", "deploy"}:
        return root not in OWN[package]
    return not within(imported.by, LIBRARIES.get(root, ()))


def a_rule(imported: Import) -> bool:
    """Whether a projection takes something of the domain that is neither an event nor a plain word."""
    if not imported.module.startswith("domain") or within(imported.module, PROJECTIONS_MAY_READ):
        return False
    if imported.name is None:
        return True
    if within(f"{imported.module}.{imported.name}", PROJECTIONS_MAY_READ):
        return False
    taken = getattr(importlib.import_module(imported.module), imported.name, None)
    return not (inspect.isclass(taken) and issubclass(taken, contract.Event | enum.Enum))


def impure_calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            if name in IMPURE_CALLS:
                yield str(name), node.lineno


def broken(source: str, by: str) -> list[Import]:
    return [imported for imported in imports(by, ast.parse(source)) if forbidden(imported)]


@pytest.mark.parametrize("package", OWN)
def test_a_package_imports_only_what_its_layer_may(package: str) -> None:
    found = [imported for name, tree in modules(package) for imported in imports(name, tree)]
    assert found, f"{package} was looked for in the wrong place"
    assert [str(imported) for imported in found if forbidden(imported)] == []


def test_projections_know_events_and_no_rules() -> None:
    found = [imported for name, tree in modules("projections") for imported in imports(name, tree)]
    assert [str(imported) for imported in found if a_rule(imported)] == []


def test_what_the_composition_root_puts_together_does_not_know_it() -> None:
    known = {name: {f"{i.module}.{i.name}" for i in imports(name, tree)} for name, tree in modules("adapters")}
    parts: set[str] = set()
    waiting = [COMPOSITION]
    while waiting:
        by = waiting.pop()
        found = {name for name in known if any(within(taken, (name,)) for taken in known.get(by, ()))} - parts
        parts |= found
        waiting += found
    assert [name for name in parts if any(within(taken, (COMPOSITION,)) for taken in known[name])] == []


def test_the_domain_asks_no_clock_no_chance_and_no_file() -> None:
    found = [(name, call, line) for name, tree in modules("domain") for call, line in impure_calls(tree)]
    assert found == []


@pytest.mark.parametrize(
    ("by", "source"),
    [
        ("domain.case.custody", "import sqlalchemy"),
        ("domain.case.custody", "from adapters.avro import codec"),
        ("domain.case.custody", "from projections import runner"),
        ("domain.case.custody", "from time import monotonic"),
        ("domain.case.custody", "def late():\n    import random"),
        ("domain.case.custody", "from . import intake"),
        ("projections.timeline", "import psycopg"),
        ("projections.timeline", "from adapters.views import tables"),
        ("adapters.channels.webhook", "from kafka import KafkaProducer"),
        ("adapters.kafka.relay", "import fastavro"),
        ("adapters.keyshop", "from cryptography.fernet import Fernet"),
        ("adapters.cli.main", "import requests"),
        ("adapters.cli.main", "from tests import servers"),
    ],
)
def test_an_import_across_the_layers_is_found(by: str, source: str) -> None:
    assert len(broken(source, by)) == 1


@pytest.mark.parametrize(
    ("by", "source"),
    [
        ("domain.case.custody", "from datetime import datetime\nfrom domain.refusals import Refused"),
        ("projections.timeline", "from sqlalchemy import Table\nimport json"),
        ("adapters.keys.file", "from cryptography.fernet import Fernet\nimport os"),
    ],
)
def test_an_import_along_the_layers_is_not(by: str, source: str) -> None:
    assert broken(source, by) == []


@pytest.mark.parametrize(
    ("source", "ruled_out"),
    [
        ("from domain.case.custody import CustodyTaken", False),
        ("from domain.events.envelope import Envelope", False),
        ("from domain import ports", False),
        ("from domain.case.custody import take_into_custody", True),
        ("from domain.case.custody import Custody", True),
        ("from domain.policy import clock", True),
        ("import domain.case.custody", True),
    ],
)
def test_a_projection_may_take_an_event_and_not_a_decider(source: str, ruled_out: bool) -> None:
    (imported,) = imports("projections.example", ast.parse(source))
    assert a_rule(imported) is ruled_out


@pytest.mark.parametrize("source", ["datetime.now(UTC)", "uuid4()", "uuid.uuid4()", "date.today()", "open('x')"])
def test_an_impure_call_is_found(source: str) -> None:
    assert [line for _, line in impure_calls(ast.parse(source))] == [1]
