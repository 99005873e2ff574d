"""A command about a case, decided: its own events, then what the rules make of them.

The consequences are the difference between what was owed before and what is owed now, under one set of
packs, so a command emits only what the facts that it adds or corrects bring about.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from domain.case import consular
from domain.case.consular import ConsulateNotified, ImmigrationUnitInformed
from domain.case.engagement import (
    EndedBecause,
    Engagement,
    EngagementEnded,
    EngagementOpened,
    EngagementWidened,
    Signs,
    routed,
)
from domain.case.obligations import (
    Duty,
    DutyRaised,
    DutyStage,
    DutyWithdrawn,
    MissingFact,
    QuestionClosed,
    QuestionRaised,
    WithdrawnBecause,
    meet,
)
from domain.case.state import AREAS, Case, children_in_custody, fold
from domain.disclosure.contract import Purpose
from domain.events import Envelope
from domain.personal import Known
from domain.policy.owed import Assessment, DutyKey, Owed, assess
from domain.submission import Command, Recording, Submission, check_times, envelopes

IMMIGRATION_UNIT = "UNIT-IMM"

DECIDES: dict[type[Command], Callable[[Submission[Any], Case], Sequence[Recording]]] = {}
for _area in AREAS.values():
    for _command, _decide in cast(Mapping[type[Command], Any], _area.DECIDES).items():
        assert _command not in DECIDES, f"two areas decide {_command}"
        DECIDES[_command] = _decide


def decide(submission: Submission[Any], case: Case, stream: str) -> list[Envelope]:
    """The events that a command brings about, as they will stand in `stream`; raises Refused. Pure."""
    return decided(submission, case, stream)[0]


def decided(submission: Submission[Any], case: Case, stream: str) -> tuple[list[Envelope], Case]:
    """`decide`, with the case as these events leave it."""
    check_times(submission)
    recorded = _Recorded(submission, case, stream)
    recorded.add(DECIDES[type(submission.command)](submission, case))
    if recorded.envelopes:
        recorded.add(_met(recorded.case, recorded.envelopes))
        before, after = _assess(submission, case), _assess(submission, recorded.case)
        recorded.add(_difference(submission, recorded.case, before, after))
        recorded.add(_routes(submission, recorded.case))
        recorded.add(_engagements(submission, recorded.case, before, after))
    return recorded.envelopes, recorded.case


class _Recorded:
    """The events of one decision so far, and the case after them."""

    def __init__(self, submission: Submission[Any], case: Case, stream: str) -> None:
        self._submission, self._stream, self._start = submission, stream, case.version
        self.case, self.envelopes = case, list[Envelope]()

    def add(self, recordings: Sequence[Recording]) -> None:
        if not recordings:
            return
        done = len(self.envelopes)
        more = envelopes(
            self._submission, recordings, stream=self._stream, after=self._start + done, first_ordinal=done
        )
        self.case = fold(more, self.case)
        self.envelopes += more


def _assess(submission: Submission[Any], case: Case) -> Assessment:
    standing, moment = submission.standing, submission.learned_at
    return assess(children_in_custody(case), standing.packs_at(moment), standing.calendar_at(moment))


def _met(case: Case, events: Sequence[Envelope]) -> list[Recording]:
    """The open duties that the events of this command meet."""
    recordings: list[Recording] = []
    for envelope in events:
        event, circumstances = envelope.event, envelope.circumstances
        duties: list[Duty] = []
        is_said = False
        if isinstance(event, ConsulateNotified):
            duties = [case.obligations.duties[d] for d in event.duty_ids if d in case.obligations.duties]
            is_said = not isinstance(event.receipt, Known)
        elif isinstance(event, ImmigrationUnitInformed):
            duties = [d for d in case.obligations.open_duties(IMMIGRATION_UNIT) if d.raised.child_id == event.child_id]
        for duty in duties:
            if duty.stage is DutyStage.OPEN:
                recordings += meet(
                    duty, met_by_event_id=circumstances.event_id, met_at=circumstances.occurred_at, is_said=is_said
                )
    return recordings


def _difference(
    submission: Submission[Any], case: Case, before: Assessment, after: Assessment
) -> list[Recording]:
    open_by_key = {duty.key: duty for duty in case.obligations.open_duties()}
    recordings: list[Recording] = []
    for key, duty in open_by_key.items():
        decided = key is not None and (key.rule_id, key.child_id) not in after.undecided
        if key in before.owed and key not in after.owed and decided:
            withdrawn = DutyWithdrawn(duty_id=duty.duty_id, reason=WithdrawnBecause.CORRECTED)
            recordings.append(Recording(event=withdrawn))
    new = [owed for key, owed in after.owed.items() if key not in before.owed and key not in open_by_key]
    for ordinal, owed in enumerate(new):
        recordings.append(Recording(event=_raise(submission, ordinal, owed), causation_id=owed.cause_event_id))
        told = case.consular.informed.get(owed.key.child_id)
        if owed.key.recipient_kind == IMMIGRATION_UNIT and told is not None:
            raised = _raise(submission, ordinal, owed)  # The unit knew before the rule could be judged.
            duty = Duty(duty_id=raised.duty_id, raised=raised)
            recordings += meet(duty, met_by_event_id=told.event_id, met_at=told.occurred_at, is_said=False)
    return recordings + _questions(submission, case, after)


def _raise(submission: Submission[Any], ordinal: int, owed: Owed) -> DutyRaised:
    return DutyRaised(
        duty_id=submission.own_id("duty", ordinal), rule_id=owed.key.rule_id, cited_rule_ids=owed.cited_rule_ids,
        child_id=owed.key.child_id, episode_id=owed.key.episode_id, cause_event_id=owed.cause_event_id,
        clock_start=owed.clock_start, due_at=owed.due_at, due_zone=owed.due_zone, qualifier=owed.qualifier,
        calendar_digest=owed.calendar_digest, pack_digest=owed.pack_digest, owner=owed.owner,
        recipient_kind=Known(owed.key.recipient_kind),
    )


def _questions(submission: Submission[Any], case: Case, after: Assessment) -> list[Recording]:
    recordings: list[Recording] = []
    standing = case.obligations.questions
    asked = {
        person_id: missing for person_id, missing in after.missing.items()
        if not case.citizenship.is_undeterminable(person_id)  # A named person's decision closes it (design decision 8).
    }
    for person_id, question in standing.items():
        if person_id not in asked and not _is_withheld(case, person_id):
            recordings.append(Recording(event=QuestionClosed(question_id=question.question_id)))
    for ordinal, (person_id, missing) in enumerate(asked.items()):
        known = standing.get(person_id)
        if known is not None and set(missing.child_ids) <= set(known.child_ids):
            continue
        recordings.append(Recording(event=QuestionRaised(
            question_id=known.question_id if known else submission.own_id("question", ordinal), person_id=person_id,
            missing=MissingFact.ORIGIN, child_ids=missing.child_ids, rule_ids=missing.rule_ids, since=missing.since,
        )))
    return recordings


def _is_withheld(case: Case, person_id: UUID) -> bool:
    origin = case.citizenship.of(person_id)
    return not origin.nationalities.is_known and origin.nationalities.current is not None


def _consulates(case: Case) -> dict[str, list[Duty]]:
    """Open duties toward consulates, by kind."""
    found: dict[str, list[Duty]] = {}
    for duty in case.obligations.open_duties():
        key = duty.key
        if key is not None and key.recipient_kind.startswith("CONS-"):
            found.setdefault(key.recipient_kind, []).append(duty)
    return found


def _routes(submission: Submission[Any], case: Case) -> list[Recording]:
    """Route each kind that is owed to, where the directory leaves no choice; otherwise a person decides."""
    recordings: list[Recording] = []
    for kind in _consulates(case):
        offices = submission.standing.offices_of(kind)
        if kind not in case.engagements.routes and len(offices) == 1:
            recordings.append(Recording(event=routed(case, kind, offices[0].office, "directory")))
    return recordings


def _engagements(
    submission: Submission[Any], case: Case, before: Assessment, after: Assessment
) -> list[Recording]:
    """Open or widen the engagement that each notice needs; end it where its basis proved untrue."""
    signs = Signs(submission, case)
    recordings: list[Recording] = []
    for ordinal, (kind, duties) in enumerate(_consulates(case).items()):
        office = case.engagements.routes.get(kind)
        if office is not None:
            recordings += _engage(submission, case, signs, ordinal, office, duties)
    gone = {key.recipient_kind for key in before.owed if key not in after.owed and _is_told(key, after)}
    for kind in gone - {key.recipient_kind for key in after.owed}:
        office = case.engagements.routes.get(kind)
        engagement = None if office is None else case.engagements.open_for(office, Purpose.CONSULAR_NOTICE)
        if engagement is not None:
            ended = EngagementEnded(engagement_id=engagement.engagement_id, reason=EndedBecause.CORRECTED)
            recordings.append(Recording(event=ended))
    return recordings


def _is_told(key: DutyKey, after: Assessment) -> bool:
    return key.recipient_kind.startswith("CONS-") and (key.rule_id, key.child_id) not in after.undecided


def _engage(
    submission: Submission[Any], case: Case, signs: Signs, ordinal: int, office: str, duties: list[Duty]
) -> list[Recording]:
    children = list(dict.fromkeys(duty.raised.child_id for duty in duties))
    persons = [*children, *consular.people_around(case, children)]
    rule_ids = tuple(dict.fromkeys(duty.raised.rule_id for duty in duties))
    engagement: Engagement | None = case.engagements.open_for(office, Purpose.CONSULAR_NOTICE)
    if engagement is None:
        opened = EngagementOpened(
            engagement_id=submission.own_id("engagement", ordinal + 1), office=office, purpose=Purpose.CONSULAR_NOTICE,
            case_reference=signs.of(office, None), persons=signs.of_all(office, persons), rule_ids=rule_ids,
        )
        return [Recording(event=opened)]
    new = [person for person in persons if person not in engagement.references]
    if not new:
        return []
    return [Recording(event=EngagementWidened(
        engagement_id=engagement.engagement_id, persons=signs.of_all(office, new),
        rule_ids=tuple(dict.fromkeys((*engagement.rule_ids, *rule_ids))),
    ))]
