"""`schemas/published/`: what partners read, made from the contracts that come along and from what a feed says itself.

A published version is never changed but in its words: partners read by it, and old entries render by it. A contract
that lets more flow names the next version, which follows all earlier ones at FULL_TRANSITIVE. Nothing else stands there.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

from adapters.avro import compatibility
from adapters.avro.errors import SchemaRefused
from adapters.avro.forms import Schema
from adapters.avro.published_records import LAYOUTS, feed_records, record_of
from adapters.avro.single_object import without_docs
from domain.disclosure.check import misrendered
from domain.disclosure.contract import Contract, parse_contract
from domain.disclosure.renderers import laid_out_by

CONTRACTS = Path(__file__).resolve().parents[2] / "domain" / "contracts"


def shipped() -> list[Contract]:
    """The contracts that come along, every version, in the order of their files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(CONTRACTS.glob("*.toml")))
    return [parse_contract(text, hashlib.sha256(text.encode()).hexdigest()) for text in texts]


def wanted(contracts: Iterable[Contract]) -> dict[str, Schema]:
    """Every published schema by `Name.vN`: what these contracts let flow, and what a feed says itself."""
    paths: dict[tuple[str, str], set[str]] = {}
    for contract in contracts:
        for flow in contract.flows:
            if flow.renderer in LAYOUTS:
                named = paths.setdefault((flow.publishes, laid_out_by(flow.renderer)), set())
                named.update(field.path for field in flow.fields)
    return feed_records() | {
        publishes: record_of(publishes, renderer, named) for (publishes, renderer), named in sorted(paths.items())
    }


def check(directory: Path, contracts: Iterable[Contract]) -> list[str]:
    """What is wrong, a sentence each; empty where exactly the schemas stand there that the contracts and the feed make."""
    named = list(contracts)
    found = list(problems(directory, named))
    for path, text in texts(directory, named).items():
        target = directory.parent / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            found.append(f"{path}: is not what is made of the contracts: run `casebridge schemas build`")
    return found


def texts(directory: Path, contracts: Iterable[Contract]) -> dict[Path, str]:
    """What has to stand in `published/`: new versions, and committed ones whose words alone are others now."""
    schemas = wanted(contracts)
    committed = _committed(directory, schemas)
    return {
        Path(directory.name, f"{publishes}.avsc"): json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for publishes, schema in schemas.items() if without_docs(committed.get(publishes, schema)) == without_docs(schema)
    }


def problems(directory: Path, contracts: Iterable[Contract]) -> Iterator[str]:
    """What may not be: a published version that would change, or follow badly; a schema that a partner cannot read up."""
    named = list(contracts)
    schemas = wanted(named)
    committed = _committed(directory, schemas)
    yield from dict.fromkeys(_misrendered(named))
    for path in sorted(directory.glob("*")):
        if path.name not in {f"{publishes}.avsc" for publishes in schemas}:
            yield f"{directory.name}/{path.name}: nothing is published by it: keep the contract that names it, or delete it"
    for publishes, schema in schemas.items():
        before = committed.get(publishes, schema)
        if without_docs(before) != without_docs(schema):
            yield f"{publishes}: {_changed(publishes, before, schema, schemas)}"
    yield from unfit({**schemas, **committed})


def unfit(schemas: Mapping[str, Schema]) -> Iterator[str]:
    """What a partner could misread, or would find unsaid; what of a version does not go with each version before it."""
    for publishes, schema in schemas.items():
        for problem in (*compatibility.unclear(schema), *_undocumented(schema)):
            yield f"{publishes}: {problem}"
    for older, newer in combinations(sorted(schemas, key=_version), 2):
        if _version(older)[0] == _version(newer)[0]:
            for problem in compatibility.problems(schemas[older], schemas[newer]):
                yield f"{newer}: against version {_version(older)[1]}: {problem}"


def _committed(directory: Path, schemas: Iterable[str]) -> dict[str, Schema]:
    """Raises SchemaRefused for a file that is no JSON."""
    found = {}
    for publishes in schemas:
        path = directory / f"{publishes}.avsc"
        if path.exists():
            try:
                found[publishes] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise SchemaRefused(f"{directory.name}/{path.name}", f"is no JSON ({error})") from None
    return found


def _version(publishes: str) -> tuple[str, int]:
    name, _, number = publishes.rpartition(".v")
    return name, int(number)


def _changed(publishes: str, before: Schema, after: Schema, named: Iterable[str]) -> str:
    old, new = compatibility.types(before), compatibility.types(after)
    lacking = ", ".join(sorted(new.keys() - old.keys()))
    if lacking:
        name = _version(publishes)[0]
        latest = max(number for other, number in map(_version, named) if other == name)
        return f"is published and has no {lacking}: let the contract name {name}.v{latest + 1}"
    where = ", ".join(path for path in old if old[path] != new.get(path)) or "the order or the defaults of its fields"
    return f"is published, and differs in {where} from what the contracts let flow: a published version is never changed"


def _misrendered(contracts: Iterable[Contract]) -> Iterator[str]:
    """What flows to a renderer that cannot lay it out, or into one schema by two of them."""
    renderers: dict[str, str] = {}
    for contract in contracts:
        for flow in contract.flows:
            for path, because in misrendered(flow):
                yield f"{': '.join((flow.publishes, *path))}: {because}"
            renderer = laid_out_by(flow.renderer)
            if renderers.setdefault(flow.publishes, renderer) != renderer:
                yield f"{flow.publishes}: is laid out by {renderers[flow.publishes]} and by {renderer}"


def _undocumented(schema: Schema) -> Iterator[str]:
    for language in ("doc", "doc_es"):
        for place, node in compatibility.documented(schema):
            if not str(node.get(language, "")).endswith("."):
                yield f"{place} has no {language}"
