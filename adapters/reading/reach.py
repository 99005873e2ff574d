"""What a seal or an expungement reaches: every copy and every declared place, and when each is without the text."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.reading.words import personal
from domain.case.doubts import entry_of
from domain.case.erasure import given_about
from domain.case.record_scope import Scope
from domain.case.state import Case

CACHES_SECONDS = 60
TOPIC_DAYS = 8
"""A partner's topic: retention of seven days, and a segment that rolls within one (design decision 21)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """`by` is when the text is gone from there; None where that is somebody else's to say."""

    where: str
    what: str
    by: datetime | None
    until_then: str


def places(case: Case, scope: Scope, at: datetime, *, is_for_ever: bool) -> Iterator[Place]:
    """Every place that holds text of this scope, where keys are withheld (or, for ever, destroyed) at `at`."""
    keys = len(scope.pairs)
    yield Place(
        where="key store", what=f"{keys} keys of {len(scope.person_ids)} persons", by=at,
        until_then="destroyed, with every copy in its file" if is_for_ever else "withheld; an order gives them back",
    )
    yield Place(
        where="log, views, the agency's own Kafka topic, backups", what="encrypted text that nothing opens any more",
        by=at, until_then="stays as it is, so that every proof still verifies",
    )
    yield Place(
        where="running processes", what="text that was opened", by=at + timedelta(seconds=CACHES_SECONDS),
        until_then=f"caches last {CACHES_SECONDS} s at the most",
    )
    for office, numbers in _given(case, scope).items():
        listed = ", ".join(str(number) for number in sorted(numbers)) or "told outside the feed"
        yield Place(
            where=f"topic or mailbox of {office}", what=f"entries {listed}", by=at + timedelta(days=TOPIC_DAYS),
            until_then="a declared place: goes by age",
        )
        if is_for_ever:
            yield Place(
                where=office, what=f"what it keeps of entries {listed}", by=None,
                until_then="it is asked to erase; `record confirm` tells that it did",
            )
    yield from _told_outside(case, scope) if is_for_ever else ()
    yield Place(
        where="letters that people printed or sent", what="outside of any program", by=None,
        until_then="whoever holds one is told by a person",
    )


def _told_outside(case: Case, scope: Scope) -> Iterator[Place]:
    for telling in case.told.outside.values():
        if set(telling.told.person_ids) & set(scope.person_ids):
            yield Place(
                where=personal(telling.told.partner), by=None,
                what=f"what it was told outside of the feeds on {telling.at:%d %b %Y}: {personal(telling.told.items)}",
                until_then="a person asks it to erase that: `casebridge due` lists it",
            )


def _given(case: Case, scope: Scope) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for disclosure_id, office in given_about(case, scope.person_ids).items():
        numbers = found.setdefault(office, set())
        number = entry_of(case, disclosure_id)
        if number is not None:
            numbers.add(number)
    return found
