"""Agreements with consulates: tried, signed, ended, and which services each holds."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.agency.once import once
from domain.countries import country
from domain.events import Envelope, Event, clear, event
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.agency.state import Agency

AGREEMENT = "an agreement between public bodies, nothing about a person"


class ConsularService(StrEnum):
    """What a consulate may be asked for (domain.md L182, L404-412, L541)."""

    HOME_ASSESSMENT = "home_assessment"
    SERVE_SUMMONS = "serve_summons"
    HEARING_PLACE = "hearing_place"
    EQUIPMENT = "equipment"
    DOCUMENT = "document"
    BIRTH_CERTIFICATE = "birth_certificate"
    REUNIFICATION = "reunification"
    THERAPY_REFERRAL = "therapy_referral"
    TRAINING = "training"
    DIALECT_SPEAKER = "dialect_speaker"
    IDENTITY_CHECK = "identity_check"
    VISIT = "visit"


class Jurisdiction(StrEnum):
    LAC = "LAC"
    SDC = "SDC"
    SCC = "SCC"
    NJ = "NJ"
    NM = "NM"
    NYC = "NYC"
    OR = "OR"


class MouStatus(StrEnum):
    SIGNED = "signed"
    ATTEMPT_FAILED = "attempt_failed"
    ENDED = "ended"


@event("casebridge.agency.MouStatusChanged")
class MouStatusChanged(Event):
    """An agreement with a country's consulates was signed, failed to come about, or ended."""

    change_id: UUID = clear("our own id")
    jurisdiction: Jurisdiction = clear(AGREEMENT)
    country: str = clear(AGREEMENT)
    status: MouStatus = clear(AGREEMENT)
    services: tuple[ConsularService, ...] = clear(AGREEMENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    occurred_at: datetime
    version: int
    told: MouStatusChanged


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreements:
    """Every change of every agreement. A failed attempt ends nothing that stands."""

    changes: tuple[Change, ...] = ()
    recorded: Mapping[UUID, Event] = field(default_factory=dict)

    def in_force(self, country: str, moment: datetime) -> MouStatusChanged | None:
        """The agreement with a country that stands at `moment`: the last signed by then, unless it has ended."""
        counted = [
            change for change in self.changes
            if change.told.country == country and change.occurred_at <= moment
            and change.told.status is not MouStatus.ATTEMPT_FAILED
        ]
        last = max(counted, key=lambda change: (change.occurred_at, change.version), default=None)
        return last.told if last is not None and last.told.status is MouStatus.SIGNED else None

    def stands(self, change_id: UUID, moment: datetime) -> bool:
        """Whether the agreement that this change signed is the one in force with its country at `moment`."""
        signed = next((change.told for change in self.changes if change.told.change_id == change_id), None)
        return signed is not None and self.in_force(signed.country, moment) is signed

    def attempts_failed(self, country: str) -> int:
        return sum(
            change.told.country == country and change.told.status is MouStatus.ATTEMPT_FAILED for change in self.changes
        )


@command
class RecordMouStatus(Command):
    """Record that an agreement with a country's consulates was signed, with its services, failed, or ended."""

    change_id: UUID
    jurisdiction: Jurisdiction
    country: str
    status: MouStatus
    services: tuple[ConsularService, ...] = ()


def record_status(submission: Submission[RecordMouStatus], agency: Agency) -> Sequence[Recording]:
    wish, agreements = submission.command, agency.agreements
    country(wish.country, "country")
    changed = MouStatusChanged(
        change_id=wish.change_id, jurisdiction=wish.jurisdiction, country=wish.country, status=wish.status,
        services=wish.services,
    )
    recordings = once(agreements.recorded, wish.change_id, changed)
    if not recordings:
        return recordings
    if agency.packs and agency.jurisdiction != wish.jurisdiction:
        raise Refused("an agency records its own agreements", rule="P18", field="jurisdiction")
    if (wish.status is MouStatus.SIGNED) is not bool(wish.services):
        raise Refused("name the services that a signed agreement holds, and no others", rule="P18", field="services")
    if wish.status is MouStatus.ENDED and agreements.in_force(wish.country, submission.occurred_at) is None:
        raise Refused("no agreement with this country is in force", rule="P18", field="status")
    return recordings


def _changed(state: Agreements, told: MouStatusChanged, envelope: Envelope) -> Agreements:
    change = Change(occurred_at=envelope.circumstances.occurred_at, version=envelope.version, told=told)
    return Agreements(changes=(*state.changes, change), recorded={**state.recorded, told.change_id: told})


INITIAL = Agreements()
DECIDES: dict[type[Command], Callable[[Submission[Any], Agency], Sequence[Recording]]] = {
    RecordMouStatus: record_status,
}
EVOLVES: dict[type[Event], Callable[[Agreements, Any, Envelope], Agreements]] = {MouStatusChanged: _changed}
