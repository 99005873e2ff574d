"""What was told outside of every feed: by a person, under a subpoena, by an order."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.reading.words import in_words, personal
from domain.agency.state import Agency
from domain.case.corrections import Owed, Owes
from domain.case.state import Case
from domain.case.told import ToldOutside
from domain.case.updates import still_owed
from domain.disclosure.items import AskedItem
from domain.disclosure.vocabulary import WORDS
from domain.personal import Known


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideLine:
    """One telling. `items` are names, None where they cannot be read; `authority` is whose order, or who told it;
    `still_owed` what is owed because of it and nobody has said yet that they have."""

    id: UUID
    at: datetime
    to: str
    why: str
    what: str
    authority: str
    person_ids: tuple[UUID, ...]
    items: frozenset[AskedItem] | None
    still_owed: tuple[Owes, ...]

    def document(self) -> dict[str, Any]:
        return {
            "id": str(self.id), "at": self.at.isoformat(), "to": self.to, "why": self.why, "what": self.what,
            "authority": self.authority,
            "person_ids": [str(person) for person in self.person_ids], "still_owed": [one.value for one in self.still_owed],
        }


def told_outside(case: Case, agency: Agency, now: datetime) -> list[OutsideLine]:
    """Everything, the first before the others."""
    return sorted((*_recorded(case), *_by_hand(case, agency, now)), key=lambda line: line.at)


def may_have_told(line: OutsideLine, person_id: UUID | None, path: str | None) -> bool:
    """Whether a telling was, or may have been, of a person and a field (or those that begin so)."""
    asked = {WORDS[known].item for known in WORDS if known.startswith(path or "")}
    of_them = person_id is None or person_id in line.person_ids
    return of_them and (line.items is None or AskedItem.CASE_FILE in line.items or not asked.isdisjoint(line.items))


def _recorded(case: Case) -> Iterator[OutsideLine]:
    for telling_id, telling in case.told.outside.items():
        told = telling.told
        yield OutsideLine(
            id=telling_id, at=telling.at, to=personal(told.partner), why=in_words(told.why), what=personal(told.items),
            authority=_authority(case, told), person_ids=told.person_ids,
            items=frozenset(told.items.value) if isinstance(told.items, Known) else None,
            still_owed=tuple(
                one.owed.owes for one in case.outside_corrections.standing(case, telling) if one.is_open
            ),
        )


def _authority(case: Case, told: ToldOutside) -> str:
    order = None if told.order_id is None else case.court.orders.get(told.order_id)
    of_order = "" if order is None else f", order {personal(order.entered.order_ref)}"
    return f"{personal(told.authority)}{of_order}"


def _by_hand(case: Case, agency: Agency, now: datetime) -> Iterator[OutsideLine]:
    """Notices and other disclosures that a person gave, so that no feed has an entry: of those that they are about."""
    owed = still_owed(case, agency, now)
    for notice in case.consular.notices.values():
        if notice.notified is not None and notice.notified.entry is None:
            yield _given(case, owed, notice.prepared.notice_id, notice.prepared.office, notice.notified.channel,
                         "consular notice", (*notice.prepared.child_ids, *notice.prepared.person_ids))
    for disclosure_id, disclosure in case.disclosures.disclosures.items():
        if disclosure.received is not None and disclosure.received.entry is None:
            yield _given(case, owed, disclosure_id, disclosure.prepared.office, disclosure.received.channel,
                         in_words(disclosure.prepared.purpose), disclosure.prepared.person_ids)


def _given(
    case: Case, owed: Sequence[Owed], disclosure_id: UUID, to: str, how: str, what: str, persons: tuple[UUID, ...]
) -> OutsideLine:
    return OutsideLine(
        id=disclosure_id, at=case.corrections.left[disclosure_id].at, to=to, why=in_words(how), what=what, authority="",
        items=None, person_ids=tuple(dict.fromkeys(persons)),
        still_owed=tuple(one.owed.owes for one in owed if disclosure_id in (one.owed.disclosure_id, one.prepared_as)),
    )
