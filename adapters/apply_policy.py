"""Which open cases a newly adopted pack would reach, and the command that lets it."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from adapters.avro import Unreadable
from adapters.backbone import Backbone
from domain.case.decide import decide
from domain.case.obligations import DutyRaised, DutyWithdrawn, QuestionRaised
from domain.case.policy import ApplyPolicy
from domain.events import Actor
from domain.ports import READ_LIMIT_MAX
from domain.refusals import Refused
from domain.submission import Submission

NO_ENTROPY = bytes(32)  # of a decision that is only looked at


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """One case, and what would be recorded on it. `because` says why it cannot be decided."""

    case_id: UUID
    raised: int = 0
    withdrawn: int = 0
    questions: int = 0
    because: str | None = None


def reached(backbone: Backbone, code: str, actor: Actor, *, now: datetime, tell: Callable[[int], None]) -> Iterator[Reached]:
    """Every open case of an agency on which the packs in force now ask for something else, in order of id.

    One case is held at a time, nothing is recorded. `tell` learns how many cases have been looked at.
    """
    after, done = "", 0
    while streams := backbone.log.streams("case-", after=after, limit=READ_LIMIT_MAX):
        for stream, _ in streams:
            found = _reached(backbone, code, actor, UUID(stream.removeprefix("case-")), now)
            if found is not None:
                yield found
            done += 1
            tell(done)
        after = streams[-1][0]


def _reached(backbone: Backbone, code: str, actor: Actor, case_id: UUID, now: datetime) -> Reached | None:
    try:
        case = backbone.case(case_id)
        if case.intake.agency != code or case.intake.is_closed:
            return None
        command_id = uuid4()
        submission = Submission(
            command=ApplyPolicy(), command_id=command_id, case_id=case_id, actor=actor, principal="-", occurred_at=now,
            learned_at=now, received_at=now, correlation_id=command_id, causation_id=None, traceparent=None,
            entropy=NO_ENTROPY, standing=backbone.agency(code),
        )
        kinds = Counter(type(envelope.event) for envelope in decide(submission, case, f"case-{case_id}"))
    except (Refused, Unreadable) as error:
        return Reached(case_id=case_id, because=str(error))
    raised, withdrawn, questions = (kinds[kind] for kind in (DutyRaised, DutyWithdrawn, QuestionRaised))
    if not (raised or withdrawn or questions):
        return None
    return Reached(case_id=case_id, raised=raised, withdrawn=withdrawn, questions=questions)


def line(code: str, actor: Actor, case_id: UUID, *, now: datetime) -> dict[str, Any]:
    """The command that lets the packs in force reach this case."""
    return {
        "command": "ApplyPolicy", "command_id": str(uuid4()), "agency": code, "case": str(case_id),
        "actor": {"agency": actor.agency, "role": actor.role, "user": actor.user}, "occurred_at": now.isoformat(),
        "data": {},
    }
