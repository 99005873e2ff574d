"""Who may read what, as a page for people: `python -m adapters.reading.access > docs/access.md`.

Made from the contracts that come along and from the rights that are granted; a test tries every cell of it.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.disclosure.contract import Contract, Flow, FlowField, Purpose
from domain.disclosure.vocabulary import WORDS

RIGHTS: Mapping[str, frozenset[str]] = {"feed": frozenset({"see", "read"}), "inbox": frozenset({"see", "write"})}
"""What an office may do in Kafka with a topic of its own, by what the topic is. With every other topic: nothing."""
EVERYWHERE_ELSE: frozenset[str] = frozenset()
HEAD = """\
# Who may read what

Made from the contracts and the grants by `python -m adapters.reading.access > docs/access.md`; a test fails when it is not.
Every line is tried in tests against a real broker whose authorizer is on, and over HTTP, by an office of every kind: what
an office reads is what stands here for its kind, and what does not stand here is refused.

## Topics and feeds

One table for offices of every kind. Two offices of one kind, such as two Mexican consulates, are as foreign to each other
as any two.

| what | its own office | every other office, and whoever has no login |
|---|---|---|
"""
HTTP = """\
| consumer group `casebridge.<office>` | commit, see | nothing |
| `GET /feeds/<office>/events` | read | 401, the same answer as for an office that is not there |

*See* is to find the topic in a list or ask for its offsets. A topic that an office may not see answers it like one that is
not there. An office that is a draft, in rehearsal, suspended or ended has no login in Kafka, and reads 503 over HTTP. A
fetch that had begun before a stop may still end, after as long as its client let it wait, with what lay in the topic at the
stop; nothing is written there after it.

## Fields

What may flow to an office of a kind, by purpose. *yes*: to everybody for whom the purpose holds. *NM*: by agencies there
alone. *on consent*, or another ground: where the engagement rests on it. A recall has no field. Beside these an entry has
the office's own references of case and persons, the jurisdiction, the purpose and the basis. Which of it an office was
given, entry by entry: `casebridge ledger`.
"""
OURS = ("log (`casebridge.log.v1`)", "relay's positions (`casebridge.relay.positions`)")


def page(contracts: Iterable[Contract]) -> str:
    """The whole page, in Markdown."""
    known = sorted(contracts, key=lambda contract: contract.recipient_kind)
    return HEAD + "".join((*_topics(), HTTP, *_fields([c for c in known if c.flows]), *_denied(known)))


def _topics() -> Iterator[str]:
    for what, own in RIGHTS.items():
        yield f"| {what} topic `casebridge.{what}.<office>.v1` | {_named(own)} | {_named(EVERYWHERE_ELSE)} |\n"
    for what in OURS:
        yield f"| the private {what} | {_named(EVERYWHERE_ELSE)} | {_named(EVERYWHERE_ELSE)} |\n"


def _named(rights: frozenset[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"


def _fields(contracts: Sequence[Contract]) -> Iterator[str]:
    for purpose in Purpose:
        flows = {contract.recipient_kind: flow for contract in contracts if (flow := contract.flow(purpose))}
        if not any(flow.fields for flow in flows.values()):
            continue
        yield f"\n### For {purpose.replace('_', ' ')}\n\n"
        yield f"| field | {' | '.join(flows)} |\n|---{'|---' * len(flows)}|\n"
        for path in WORDS:
            if any(flow.has(path) for flow in flows.values()):
                yield f"| `{path}` | {' | '.join(_cell(flow, path) for flow in flows.values())} |\n"


def _cell(flow: Flow, path: str) -> str:
    """Empty where the field does not flow."""
    return "".join(_flows(flow, field) for field in flow.fields if field.path == path)


def _flows(flow: Flow, field: FlowField) -> str:
    where = ", ".join(flow.places)
    *more, last = (need.replace("_", " ") for need in field.needs or ("",))
    grounds = f"{', '.join(more)} or {last}" if more else last
    return ", ".join(filter(None, (where, f"on {grounds}" if grounds else ""))) or "yes"


def _denied(contracts: Sequence[Contract]) -> Iterator[str]:
    yield "\n## To whom nothing flows\n\n| kind | why |\n|---|---|\n"
    yield from (f"| {contract.recipient_kind} | {contract.denied} |\n" for contract in contracts if contract.denied)


if __name__ == "__main__":
    from adapters.contract_texts import shipped

    sys.stdout.write(page(text.contract() for text in shipped()))
