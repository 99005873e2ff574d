"""The view of a case that an office had been given by a moment: entry by entry, as it left."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from adapters.avro.errors import AvroError
from adapters.disclosure.entries import entries_of
from domain.case.told import Reached
from domain.disclosure.events import Disclosed
from domain.disclosure.known import Given, known_by
from domain.disclosure.letter import letter
from domain.disclosure.purposes import Purpose
from domain.disclosure.rendering import Unrenderable
from domain.events import Envelope

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from adapters.disclosure.render import Rendered, Rendering

NOT_RENDERED = (Unrenderable, AvroError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An entry as it left; `rendered` is None where a key that it rests on is withheld or destroyed."""

    given: Given
    purpose: Purpose
    rendered: Rendered | None
    letter: str | None


def view_of(casebridge: Casebridge, case_id: UUID, office: str, at: datetime, reached: Reached) -> list[Shown]:
    """What `office` had been given of a case by `at`, each entry as it left, to the stage asked for."""
    backbone = casebridge.backbone
    entries, stages = entries_of(backbone, case_id, office)
    told = backbone.case(case_id).told.reached
    reported = {number: times for (of, number), times in told.items() if of == office}
    rendering = casebridge.rendering()
    return [_shown(casebridge, rendering, office, one) for one in known_by(entries, stages, reported, reached, at)]


def _shown(casebridge: Casebridge, rendering: Rendering, office: str, given: Given) -> Shown:
    purpose = given.entry.event.purpose if isinstance(given.entry.event, Disclosed) else Purpose.RECALL
    try:
        rendered = rendering.proven(given.entry)
    except NOT_RENDERED:
        return Shown(given=given, purpose=purpose, rendered=None, letter=None)
    return Shown(
        given=given, purpose=purpose, rendered=rendered, letter=_letter(casebridge, office, given.entry, purpose, rendered)
    )


def _letter(casebridge: Casebridge, office: str, entry: Envelope, purpose: Purpose, rendered: Rendered) -> str:
    told = entry.circumstances
    known = casebridge.backbone.agency(told.agency).offices.get(office)
    return letter(rendered.record, purpose, known.name if known else office, told.agency, told.occurred_at.date())


def document(shown: Shown) -> dict[str, Any]:
    """An entry for programs."""
    from adapters.cli.plain import plain

    given, told = shown.given, shown.given.entry.event
    return {
        "number": given.number, "what": type(told).__name__, "purpose": shown.purpose.value,
        "at": given.at.isoformat() if given.at else None, "is_doubtful": given.is_doubtful,
        "withdrawn_by": given.withdrawn_by, "type": shown.rendered.type if shown.rendered else None,
        "digest": getattr(told, "digest", None),
        "record": plain(shown.rendered.record) if shown.rendered else {"withheld": True},
    }
