"""What is hoped for from others: each request awaits that it was taken note of, and an answer.

No answer is not an answer: nothing here ever says more than that none has come. An interval is the agency's own
habit, never a legal limit; without one only the age is shown and nothing is overdue.
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.agency.state import Agency
from domain.case.requests import NeededByDateSet, Request
from domain.case.service import ServiceStage
from domain.case.state import Case
from domain.personal import UNKNOWN
from domain.requests import NO_ANSWER_ASKED, NOT_ACKNOWLEDGED, AskedFor


class Awaited(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    ANSWER = "answer"


NOT_HOPED_FOR = {Awaited.ACKNOWLEDGEMENT: NOT_ACKNOWLEDGED, Awaited.ANSWER: NO_ANSWER_ASKED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """One reply that is hoped for. `ask_again_at` is None where the agency set no interval."""

    request: Request
    awaited: Awaited
    ask_again_at: datetime | None
    needed: NeededByDateSet | None
    came_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.came_at is None

    def is_overdue(self, now: datetime) -> bool:
        return self.is_open and any(at is not None and at < now for at in (self.ask_again_at, self.needed_by))

    @property
    def needed_by(self) -> datetime | None:
        """An acknowledgement is never needed by a day: what is needed is the answer."""
        if self.needed is None or (self.awaited is Awaited.ACKNOWLEDGEMENT and not self.is_all):
            return None
        return self.needed.needed_by

    @property
    def is_all(self) -> bool:
        """Whether an acknowledgement is all that can come back."""
        return self.request.asking.kind in NO_ANSWER_ASKED


def expectations_of(case: Case, standing: Agency, now: datetime) -> list[Expectation]:
    """Everything that is hoped for in a case, open or not, oldest request first. A closed case awaits nothing."""
    if case.intake.is_closed:
        return []
    found: list[Expectation] = []
    for request in sorted(case.requests.asked.values(), key=lambda request: request.asked_at):
        if _is_over(case, request):
            continue
        reply = case.requests.reply_to(request)
        answered_at = None if reply is None else reply.at
        noted = [at for at in (answered_at, case.consular_services.acknowledged.get(request.request_id)) if at is not None]
        for awaited, wait, came_at in zip(
            (Awaited.ACKNOWLEDGEMENT, Awaited.ANSWER), standing.settings.waits(request.asking.kind, now),
            (min(noted, default=None), answered_at), strict=True,
        ):
            if request.asking.kind in NOT_HOPED_FOR[awaited]:
                continue
            found.append(Expectation(
                request=request, awaited=awaited, ask_again_at=None if wait is None else request.asked_at + wait,
                needed=case.requests.needed(request.request_id), came_at=came_at,
            ))
    return found


def open_requests(expectations: list[Expectation]) -> list[list[Expectation]]:
    """What others have yet to do, a list for each request: its open expectations, the acknowledgement first."""
    grouped: dict[object, list[Expectation]] = {}
    for expectation in expectations:
        if expectation.is_open:
            grouped.setdefault(expectation.request.request_id, []).append(expectation)
    return list(grouped.values())


def _is_over(case: Case, request: Request) -> bool:
    """Whether nobody is waited for: the turn is the agency's own, or a later request stands in this one's place."""
    kind, request_id = request.asking.kind, request.request_id
    if kind is AskedFor.SERVICE_OF_PROCESS:
        return case.service.stage(request_id) is ServiceStage.FAILED  # Somebody here chooses the next route.
    if kind is AskedFor.DETAINEE_SEARCH:
        return _is_search_over(case, request)
    return False


def _is_search_over(case: Case, request: Request) -> bool:
    """A parent who was found is not searched for; of several searches the last is the one that counts."""
    detainee = case.detention.detainees.get(request.asking.person_ids[0])
    if detainee is not None and detainee.whereabouts is not UNKNOWN:
        return True
    same = [other for other in case.requests.asked.values() if other.asking.key == request.asking.key]
    return max(same, key=lambda other: (other.asked_at, str(other.request_id))) is not request
