"""What happened to one detained parent, the stage that this makes, and where the parent is held as far as anyone knows."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.facts import Fact, Register
from domain.personal import UNKNOWN, Personal, known_or


class Step(StrEnum):
    """What happened to or for a detained parent, as far as it moves the stage."""

    REPORTED = "reported"
    SEARCHED = "searched"
    LOCATED = "located"
    CONTACTED = "contacted"
    TRANSFERRED = "transferred"
    RELEASED = "released"
    REMOVED = "removed"
    ENDED = "ended"


class DetentionStage(StrEnum):
    REPORTED = "reported"
    SEARCHING = "searching"
    LOCATED = "located"
    IN_CONTACT = "in_contact"
    TRANSFERRED = "transferred"
    RELEASED = "released"
    REMOVED = "removed"
    ENDED = "ended"  # how is not known


OVER = frozenset({DetentionStage.RELEASED, DetentionStage.REMOVED, DetentionStage.ENDED})
LEFT = frozenset({Step.TRANSFERRED, Step.RELEASED, Step.REMOVED, Step.ENDED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Detainee:
    a_number: Register[str] = Register()
    facility: Register[str] = Register()
    steps: Register[Step] = Register()

    @property
    def stage(self) -> DetentionStage:
        """The stage after every step in the order in which they occurred, whenever each was recorded."""
        stage = DetentionStage.REPORTED
        for fact in sorted(self.steps.told, key=_when):
            stage = _after(stage, known_or(fact.value, Step.REPORTED))
        return stage

    @property
    def whereabouts(self) -> Personal[str]:
        """Where the parent is held: unknown after a move to an unknown place, and after the end."""
        place = self.facility.current
        left = max((fact for fact in self.steps.told if known_or(fact.value, None) in LEFT), key=_when, default=None)
        if place is None or (left is not None and left.event_id != place.event_id and _when(left) > _when(place)):
            return UNKNOWN
        return place.value

    def last(self, *steps: Step) -> datetime | None:
        """When one of these steps last occurred."""
        return max((f.occurred_at for f in self.steps.told if known_or(f.value, None) in steps), default=None)


def _when(fact: Fact[Step] | Fact[str]) -> tuple[datetime, int]:
    return fact.occurred_at, fact.version


def _after(stage: DetentionStage, step: Step) -> DetentionStage:
    match step:
        case Step.REPORTED:
            return DetentionStage.REPORTED if stage in OVER else stage  # Detained a second time.
        case Step.SEARCHED:  # Whatever the search showed: no match is not an end, and a re-check loses no place.
            return DetentionStage.SEARCHING if stage in (DetentionStage.REPORTED, DetentionStage.TRANSFERRED) else stage
        case Step.CONTACTED:
            return DetentionStage.IN_CONTACT if stage is DetentionStage.LOCATED else stage
        case Step.LOCATED | Step.TRANSFERRED | Step.RELEASED | Step.REMOVED | Step.ENDED:
            return DetentionStage(step.value)
