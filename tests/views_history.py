"""A seeded history of real events on several cases and feeds, and plain folds of it to judge the views by."""
from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from adapters.avro.codec import EventCodec, registry_of
from adapters.views import ClearCodec
from domain.case.intake import ChildAddedToCase
from domain.case.obligations import (
    DeadlineMissed,
    DutyClockCorrected,
    DutyMet,
    DutyRaised,
    DutyWithdrawn,
    MissWithdrawn,
    QuestionClosed,
    QuestionRaised,
    WithdrawnBecause,
)
from domain.disclosure.contract import Purpose
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryLetGo,
    DeliveryStopped,
    Disclosed,
    Failure,
    HandedOver,
    HandOverDoubted,
    HandOverFailed,
    HandOverStarted,
    Withdrawn,
)
from domain.events import Actor, Circumstances, Envelope, Event
from domain.people import PersonName
from domain.personal import UNKNOWN, Known
from domain.policy.facts import MissingFact
from domain.ports import Append, EventLog, Guard, KeyStore

NAMES = UUID("0f5d0a2b-8a5e-4f0e-9c55-6d6f8f3f1f10")
START = datetime(2023, 9, 1, 23, 30, tzinfo=ZoneInfo("America/Denver"))
CANARY = "Quetzalcanary"  # stands in every personal field
EVENTS: tuple[type[Event], ...] = (
    ChildAddedToCase, DutyRaised, DutyMet, DeadlineMissed, MissWithdrawn, DutyClockCorrected, DutyWithdrawn,
    QuestionRaised, QuestionClosed,
    Disclosed, Withdrawn, HandOverStarted, HandedOver, HandOverFailed, HandOverDoubted, DeliveryHeldBack,
    DeliveryLetGo, DeliveryStopped,
)


def codec(keys: KeyStore) -> EventCodec:
    return EventCodec(registry_of(EVENTS), keys)


def clear_codec() -> ClearCodec:
    return ClearCodec(registry_of(EVENTS))


def case(number: int) -> UUID:
    return uuid5(NAMES, f"case {number}")


class History:
    """Invents events; every choice comes from the seed."""

    def __init__(self, seed: int, *, cases: int = 3, offices: int = 2) -> None:
        self._chance = random.Random(seed)
        self._cases, self._offices = cases, [f"cons-mx.{n}" for n in range(offices)]
        self._duties: dict[int, list[UUID]] = {}
        self._questions: dict[int, list[UUID]] = {}
        self._entries: list[tuple[str, int, UUID]] = []
        self._heads: dict[str, int] = {}
        self._count = 0

    def events(self, count: int) -> list[Envelope]:
        return [self._next() for _ in range(count)]

    def _id(self, kind: str) -> UUID:
        return uuid5(NAMES, f"{kind} {self._count}")

    def _next(self) -> Envelope:
        self._count += 1
        kinds = [self._child, self._raise, self._raise, self._duty, self._duty, self._question, self._close,
                 self._entry, self._stage, self._stage]
        stream, event = self._chance.choice(kinds)(self._chance.randrange(self._cases))
        version = self._heads[stream] = self._heads.get(stream, 0) + 1
        at = START + timedelta(hours=self._count, microseconds=self._count)
        told = Circumstances(
            event_id=self._id("event"), occurred_at=at - timedelta(minutes=self._chance.randrange(600)), learned_at=at,
            actor=Actor(agency="nm-cyfd", role="caseworker", user="u-1"), principal="os:1", command_id=self._id("command"),
            correlation_id=self._id("command"), causation_id=None, traceparent=None, agency="nm-cyfd",
            jurisdiction=self._chance.choice(["US-NM", "US-CA"]), packs=("a" * 64,),
        )
        return Envelope(stream=stream, version=version, event=event, circumstances=told)

    def _child(self, n: int) -> tuple[str, Event]:
        name = PersonName(given_names=CANARY, surnames=CANARY)
        return f"case-{case(n)}", ChildAddedToCase(child_id=self._id("child"), name=Known(name), birth_date=UNKNOWN)

    def _raise(self, n: int) -> tuple[str, Event]:
        self._duties.setdefault(n, []).append(duty := self._id("duty"))
        due = START + timedelta(hours=self._chance.randrange(300)) if self._chance.random() < 0.8 else None
        return f"case-{case(n)}", DutyRaised(
            duty_id=duty, rule_id="NM-CONSULATE-NOTICE", cited_rule_ids=("NM-CONSULATE-DATA", "VCCR-36"),
            child_id=self._id("child"), episode_id=self._id("episode"), cause_event_id=self._id("cause"),
            clock_start=START, due_at=due, due_zone="America/Denver", qualifier=None if due else "without delay",
            calendar_digest="c" * 64, pack_digest="d" * 64, owner="liaison", recipient_kind=Known(CANARY),
        )

    def _duty(self, n: int) -> tuple[str, Event]:
        duty = self._chance.choice(self._duties.get(n) or [self._id("unheard-of")])
        at = START + timedelta(hours=self._count)
        events: list[Event] = [
            DutyMet(duty_id=duty, met_by_event_id=self._id("act"), met_at=at, late_by_seconds=self._count,
                    recorded_late=self._chance.random() < 0.5, is_said=False),
            DeadlineMissed(duty_id=duty, due_at=at),
            MissWithdrawn(duty_id=duty, met_by_event_id=self._id("act")),
            DutyClockCorrected(
                duty_id=duty, cause_event_id=self._id("cause"), clock_start=at, due_at=at, calendar_digest=None, met_at=at,
                late_by_seconds=self._chance.choice((None, self._count)),
            ),
            DutyWithdrawn(duty_id=duty, reason=WithdrawnBecause.CORRECTED),
        ]
        return f"case-{case(n)}", self._chance.choice(events)

    def _question(self, n: int) -> tuple[str, Event]:
        self._questions.setdefault(n, []).append(question := self._id("question"))
        return f"case-{case(n)}", QuestionRaised(
            question_id=question, person_id=self._id("child"), missing=MissingFact.ORIGIN,
            child_ids=(self._id("child"), self._id("sibling")), rule_ids=("NM-CONSULATE-NOTICE",), since=START,
        )

    def _close(self, n: int) -> tuple[str, Event]:
        question = self._chance.choice(self._questions.get(n) or [self._id("unheard-of")])
        return f"case-{case(n)}", QuestionClosed(question_id=question)

    def _entry(self, n: int) -> tuple[str, Event]:
        office = self._chance.choice(self._offices)
        number = self._heads.get(f"feed-{office}", 0) + 1
        self._entries.append((office, number, case(n)))
        same: dict[str, Any] = {
            "office": office, "number": number, "case_id": case(n), "case_reference": "7ZZZ0000*",
            "engagement_id": self._id("engagement"), "notice_id": self._id("notice"), "schema_fingerprint": "0" * 16,
            "renderer": "consulate/1", "source_event_id": self._id("cause"), "person_ids": (self._id("child"),),
            "digest": "e" * 64, "salt": Known(CANARY),
        }
        if number > 1 and self._chance.random() < 0.3:
            return f"feed-{office}", Withdrawn(**same, withdraws=number - 1, text_code="disregard")
        return f"feed-{office}", Disclosed(
            **same, purpose=next(iter(Purpose)), basis="VCCR-36", rule_ids=("VCCR-36",), contract_digest="f" * 64,
            source_version=1, fields=(),
        )

    def _stage(self, n: int) -> tuple[str, Event]:
        if not self._entries:
            return self._entry(n)
        office, number, of = self._chance.choice(self._entries)
        attempt = self._heads.get(stream := f"delivery-{office}-{number}", 0) // 2 + 1
        same: dict[str, Any] = {
            "office": office, "number": number, "case_id": of, "attempt": attempt, "channel": "webhook",
        }
        retry_at = START + timedelta(hours=self._chance.randrange(300))
        events: list[Event] = [
            HandOverStarted(**same, engagement_id=self._id("engagement"), case_version=1, digest="e" * 64),
            HandedOver(**same, person_ids=(self._id("child"),), receipt=Known(CANARY)),
            HandOverFailed(**same, failure=Failure.REFUSED, retry_at=self._chance.choice([None, retry_at])),
            HandOverDoubted(**same, retry_at=retry_at),
            DeliveryHeldBack(office=office, number=number, case_id=of, attempts=attempt),
            DeliveryLetGo(office=office, number=number, case_id=of, by_person=True),
            DeliveryStopped(
                office=office, number=number, case_id=of, engagement_id=self._id("engagement"), case_version=1
            ),
        ]
        return stream, self._chance.choice(events)


def store(log: EventLog, envelopes: Sequence[Envelope], encoder: EventCodec, *, together: int = 25) -> None:
    for first in range(0, len(envelopes), together):
        part = envelopes[first : first + together]
        events = tuple(map(encoder.encode, part))
        guards: dict[str, Guard] = {}
        for e in part:
            guards.setdefault(e.stream, Guard(stream=e.stream, version=e.version - 1))
        log.append(Append(guards=tuple(guards.values()), events=events, schemas=encoder.schemas_used(events)))


def utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def duties_folded(envelopes: Iterable[Envelope]) -> dict[UUID, tuple[Any, ...]]:
    """(stage, was missed, due, met at, late by, recorded late, reason) of every duty, one event after the other."""
    duties: dict[UUID, dict[str, Any]] = {}
    for envelope in envelopes:
        told: Any = envelope.event
        name = type(told).__name__
        if name == "DutyRaised":
            duties[told.duty_id] = {"stage": "open", "missed": False, "due": utc(told.due_at)}
        elif getattr(told, "duty_id", None) in duties:
            duty = duties[told.duty_id]
            match name:
                case "DutyMet":
                    duty |= {"stage": "met", "met": utc(told.met_at), "late": told.late_by_seconds,
                             "recorded": told.recorded_late}
                case "DeadlineMissed":
                    duty["missed"] = True
                case "MissWithdrawn":
                    duty["missed"] = False
                case "DutyClockCorrected":
                    duty |= {"due": utc(told.due_at), "met": utc(told.met_at), "late": told.late_by_seconds,
                             "missed": duty["missed"] and told.late_by_seconds is not None}
                case "DutyWithdrawn":
                    duty |= {"stage": "withdrawn", "reason": "corrected"}
    names = ("stage", "missed", "due", "met", "late", "recorded", "reason")
    return {duty_id: tuple(duty.get(name) for name in names) for duty_id, duty in duties.items()}


def questions_folded(envelopes: Iterable[Envelope]) -> dict[UUID, datetime | None]:
    """When each question was closed."""
    questions: dict[UUID, datetime | None] = {}
    for envelope in envelopes:
        if isinstance(envelope.event, QuestionRaised):
            questions[envelope.event.question_id] = None
        elif isinstance(envelope.event, QuestionClosed) and envelope.event.question_id in questions:
            questions[envelope.event.question_id] = utc(envelope.circumstances.occurred_at)
    return questions


def deliveries_folded(envelopes: Iterable[Envelope]) -> dict[tuple[str, int], tuple[Any, ...]]:
    """(kind of entry, number it refers to, stage, attempts, next attempt) of every number of every feed."""
    stages = {"HandOverStarted": "started", "HandedOver": "handed_over", "HandOverFailed": "failed",
              "HandOverDoubted": "doubted", "DeliveryHeldBack": "held_back", "DeliveryLetGo": "let_go",
              "DeliveryStopped": "stopped"}
    numbers: dict[tuple[str, int], list[Any]] = {}
    for envelope in envelopes:
        told: Any = envelope.event
        name = type(told).__name__
        if isinstance(told, Disclosed | Withdrawn):
            numbers[told.office, told.number] = [told.TOPIC, getattr(told, "withdraws", None), "waiting", 0, None]
        elif name in stages:
            before = numbers[told.office, told.number][3]
            attempts = told.attempts if isinstance(told, DeliveryHeldBack) else getattr(told, "attempt", before)
            retry_at = utc(getattr(told, "retry_at", None))
            numbers[told.office, told.number][2:] = [stages[name], attempts, retry_at]
    return {key: tuple(value) for key, value in numbers.items()}
