"""Contracts in words, what changed from one to another, and what a changed one would mean for the cases of a log."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from domain.agency.state import Agency
from domain.case.engagement import Engagement
from domain.case.state import Case
from domain.disclosure.contract import Contract, Flow, FlowField, Release
from domain.disclosure.kinds import kind_of
from domain.disclosure.telling import sources
from domain.disclosure.vocabulary import WORDS

RELEASES = {
    Release.PERSON: "each waits for a person", Release.FIRST_BY_PERSON: "the first of a case waits for a person",
}


def in_words(contract: Contract) -> Iterator[str]:
    yield f"What may flow to {contract.recipient_kind}, version {contract.version}. What is not named here does not flow."
    if contract.denied is not None:
        yield f"\nNothing flows: {contract.denied}."
    for flow in contract.flows:
        places = f", in {', '.join(flow.places)} alone" if flow.places else ""
        yield f"\nFor {flow.purpose.replace('_', ' ')}{places}: {flow.publishes}; {RELEASES[flow.release]}"
        yield f"  Basis: {flow.basis}"
        yield from (f"  {_field(field)}" for field in flow.fields)


def _field(field: FlowField) -> str:
    needs = f"; only on {' or '.join(need.replace('_', ' ') for need in field.needs)}" if field.needs else ""
    text = f"; a text that a person wrote, of the class {field.free_text}" if field.free_text else ""
    return f"{field.path} ({WORDS[field.path].item.replace('_', ' ')}): {field.basis}{needs}{text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One purpose: fields that flow now and did not, that flow no more, and whatever else is other."""

    purpose: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


def differences(before: Contract, after: Contract) -> list[Change]:
    """By purpose, in the order in which the two contracts name them; nothing where nothing is different."""
    purposes = dict.fromkeys(flow.purpose for flow in (*before.flows, *after.flows))
    found = []
    for purpose in purposes:
        old, new = before.flow(purpose), after.flow(purpose)
        olds, news = ({field.path: field for field in flow.fields} if flow else {} for flow in (old, new))
        changed = [f"{path}: {_field(olds[path])} -> {_field(news[path])}" for path in olds.keys() & news.keys()
                   if olds[path] != news[path]]
        change = Change(
            purpose=purpose.value, added=tuple(path for path in news if path not in olds),
            removed=tuple(path for path in olds if path not in news),
            changed=(*_heads(old, new), *sorted(changed)),
        )
        if not change.is_empty:
            found.append(change)
    return found


def _heads(old: Flow | None, new: Flow | None) -> Iterator[str]:
    if old is None or new is None:
        yield "nothing flowed for this purpose before" if old is None else "nothing flows for this purpose any more"
        return
    for name in ("publishes", "renderer", "release", "basis", "places"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{name}: {before or 'everywhere'} -> {after or 'everywhere'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One disclosure of a case, or an engagement on which nothing was prepared yet: what would flow otherwise now."""

    case_id: UUID
    office: str
    purpose: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def effects(case_id: UUID, case: Case, agency: Agency, after: Contract) -> Iterator[Effect]:
    """What a contract would change in one case, by the facts that it holds now. Names of fields, never their values."""
    for engagement in case.engagements.engagements.values():
        office = agency.offices.get(engagement.office)
        if office is None or kind_of(office.recipient_kind) != after.recipient_kind or not engagement.is_open:
            continue
        before = agency.contract_for(office.recipient_kind)
        for persons, about in _disclosures(case, engagement):
            told = [
                _paths(case, contract, agency.jurisdiction, engagement, persons, about) for contract in (before, after)
            ]
            if told[0] != told[1]:
                yield Effect(
                    case_id=case_id, office=engagement.office, purpose=engagement.purpose.value,
                    added=tuple(path for path in told[1] if path not in told[0]),
                    removed=tuple(path for path in told[0] if path not in told[1]),
                )


def _disclosures(case: Case, engagement: Engagement) -> list[tuple[tuple[UUID, ...], UUID | None]]:
    notices = [
        ((*n.prepared.child_ids, *n.prepared.person_ids), None) for n in case.consular.notices.values()
        if (n.prepared.office, engagement.purpose.value) == (engagement.office, "consular_notice")
    ]
    others = [
        (d.prepared.person_ids, d.prepared.about_id) for d in case.disclosures.disclosures.values()
        if d.prepared.engagement_id == engagement.engagement_id
    ]
    return [*notices, *others] or [(tuple(engagement.references), None)]


def _paths(
    case: Case, contract: Contract | None, jurisdiction: str, engagement: Engagement, persons: tuple[UUID, ...],
    about: UUID | None,
) -> tuple[str, ...]:
    flow = None if contract is None else contract.flow(engagement.purpose, jurisdiction)
    if flow is None:
        return ()
    return tuple(dict.fromkeys(field.path for field in sources(case, flow, engagement, persons, about=about)))
