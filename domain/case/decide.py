"""A command about a case, decided: its own events, then what the rules make of them.

The consequences are the difference between what was owed before and what is owed now, under one set of
packs, so a command emits only what the facts that it adds or corrects bring about.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from domain.case import closing, correcting, expunging, given, given_outside, holding, lapses, sources, updates
from domain.case.assessing import Assessed, assessed_under, in_force
from domain.case.engagement import (
    EndedBecause,
    Engagement,
    EngagementEnded,
    EngagementOpened,
    EngagementWidened,
    Signs,
    routed,
)
from domain.case.fulfilled import fulfilled
from domain.case.meeting import met, met_before
from domain.case.mislinks import WithdrawMislink
from domain.case.notice_items import people_around
from domain.case.obligations import (
    DeadlineMissed,
    Duty,
    DutyRaised,
    DutyStage,
    DutyWithdrawn,
    QuestionClosed,
    QuestionRaised,
    WithdrawnBecause,
)
from domain.case.overtaking import is_missed, overtaken
from domain.case.policy import ApplyPolicy, PolicyApplied
from domain.case.renewing import mislinked, recounted, renewed, stands
from domain.case.sealing import check_closed, closed_to_partners
from domain.case.state import PARTS, Case, fold
from domain.disclosure.contract import Purpose
from domain.events import Envelope
from domain.forms import require_forms
from domain.personal import Known
from domain.policy.facts import MissingFact
from domain.policy.owed import Assessment, DutyKey, Missing, Owed
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, check_times, envelopes

DECIDES: dict[type[Command], Callable[[Submission[Any], Case], Sequence[Recording]]] = {}
for _area in (*(area for _, area in PARTS), closing, correcting, expunging):
    for _command, _decide in cast(Mapping[type[Command], Any], _area.DECIDES).items():
        assert _command not in DECIDES, f"two areas decide {_command}"
        DECIDES[_command] = _decide

RECORD_CLOSED = frozenset({EndedBecause.SEALED, EndedBecause.EXPUNGED})
"""Why an engagement ends although nothing has changed for some of those whom it names."""


def decide(submission: Submission[Any], case: Case, stream: str) -> list[Envelope]:
    """The events that a command brings about, as they will stand in `stream`; raises Refused. Pure."""
    return decided(submission, case, stream).envelopes


class Decided(NamedTuple):
    """The events of a command, the case as they leave it, and what was assessed last on the way."""

    envelopes: list[Envelope]
    case: Case
    assessed: Assessed | None


def decided(submission: Submission[Any], case: Case, stream: str, known: Assessed | None = None) -> Decided:
    """`decide`, with what the next decision begins with. `known` is what an earlier one ended with."""
    check_times(submission)
    require_forms(submission.command)
    _check_agency(submission, case)
    recorded = _Recorded(submission, case, stream)
    for recording in DECIDES[type(submission.command)](submission, case):
        if holding.is_let_go(submission, recorded.case, recording):
            recorded.add([recording])
    last = known
    if recorded.envelopes:
        recorded.add(sources.mapped(submission, recorded.case))
        last, lost = _oblige(submission, case, recorded, known)
        recorded.add(_routes(submission, recorded.case))
        if lost:
            recorded.add(_ended(submission, recorded.case, last.assessment, lost))
        recorded.add(lapses.banned(submission, recorded.case))
        recorded.add(lapses.lapsed(submission, recorded.case))
        recorded.add(_engagements(submission, recorded.case, recorded.envelopes))
        recorded.add(given.owed(submission, recorded.case, recorded.envelopes))
        recorded.add(updates.owed(submission, recorded.case, recorded.envelopes))
        recorded.add(given.settled(submission, recorded.case, recorded.envelopes))
        recorded.add(given_outside.owed(submission, recorded.case, recorded.envelopes))
        recorded.add(fulfilled(submission, recorded.case, recorded.envelopes))
    check_closed(submission, case, [envelope.event for envelope in recorded.envelopes])
    return Decided(recorded.envelopes, recorded.case, last)


def decided_anew(
    submission: Submission[Any], case: Case, told: Sequence[Envelope], known: Assessed | None
) -> tuple[Case, Assessed]:
    """The case after events that are there already, with the duties and questions that rules make of them."""
    recorded = _Recorded(submission, case, told[0].stream)
    recorded.keep(told)
    last, _ = _oblige(submission, case, recorded, known)
    return recorded.case, last


def _oblige(
    submission: Submission[Any], case: Case, recorded: _Recorded, known: Assessed | None
) -> tuple[Assessed, set[DutyKey]]:
    """Add what the rules make of the events so far; what is owed then, and what is owed no more."""
    rules = in_force(submission.standing, submission.learned_at)
    before = assessed_under(rules, case, known)
    after = assessed_under(rules, recorded.case, before)
    was, now = before.assessment, after.assessment
    recorded.add(met(recorded.case, submission.standing, recorded.envelopes, {**was.owed, **now.owed}))
    lost = _lost(recorded.envelopes, was, now)
    anew = renewed(submission, recorded.case, recorded.envelopes, was, now)
    recorded.add(_difference(submission, recorded.case, was, now, lost=lost, anew=anew))
    recorded.add(recounted(recorded.envelopes, recorded.case, was, now))
    for envelope in [envelope for envelope in recorded.envelopes if isinstance(envelope.event, PolicyApplied)]:
        lost |= _overtake(submission, recorded, now, envelope.circumstances.event_id)
    return after, lost


def _overtake(submission: Submission[Any], recorded: _Recorded, after: Assessment, event_id: UUID) -> set[DutyKey]:
    """Add what the packs in force change on a case that began before them; what is owed no more."""
    found = overtaken(recorded.case, submission.standing, submission.learned_at, after, event_id=event_id)
    recorded.add(_ends(found.ended, submission.learned_at) + _raised(submission, recorded.case, found.begun))
    return {key for duty in found.ended if (key := duty.key) is not None and key not in after.owed}


def _ends(duties: Sequence[Duty], moment: datetime) -> list[Recording]:
    """The end of duties that no rule asks for any more; a miss that the clock has not found yet is said first."""
    recordings: list[Recording] = []
    for duty in duties:
        due_at = duty.raised.due_at
        if due_at is not None and not duty.was_missed and is_missed(duty, moment):
            recordings.append(Recording(event=DeadlineMissed(duty_id=duty.duty_id, due_at=due_at), occurred_at=due_at))
        recordings.append(Recording(event=DutyWithdrawn(duty_id=duty.duty_id, reason=WithdrawnBecause.POLICY)))
    return recordings


def _check_agency(submission: Submission[Any], case: Case) -> None:
    """A case is decided by the agency that opened it, and by none before it has adopted a policy pack."""
    standing = submission.standing
    if case.intake.agency not in (None, standing.code):
        raise Refused("this case belongs to another agency", rule="DECISION-2", field="agency")
    if not standing.packs:
        raise Refused("this agency has adopted no policy pack: nothing is decided before", rule="DECISION-7", field="agency")


class _Recorded:
    """The events of one decision so far, and the case after them."""

    def __init__(self, submission: Submission[Any], case: Case, stream: str) -> None:
        self._submission, self._stream, self._start = submission, stream, case.version
        self.case, self.envelopes = case, list[Envelope]()

    def keep(self, told: Sequence[Envelope]) -> None:
        """Events as they are stored already."""
        self.case = fold(told, self.case)
        self.envelopes += told

    def add(self, recordings: Sequence[Recording]) -> None:
        if not recordings:
            return
        done = len(self.envelopes)
        more = envelopes(
            self._submission, recordings, stream=self._stream, after=self._start + done, first_ordinal=done
        )
        self.case = fold(more, self.case)
        self.envelopes += more


def _lost(events: Sequence[Envelope], before: Assessment, after: Assessment) -> set[DutyKey]:
    """What was owed only because of something that was never true.

    Only a correction takes a duty away: what is true no longer was true when it raised it. And nothing is lost
    while one of the persons through whom the rule applied cannot be told.
    """
    anothers = mislinked(events)
    if not anothers and not any(hasattr(envelope.event, "replaces_event_id") for envelope in events):
        return set()
    return {
        key for key, owed in before.owed.items()
        if key not in after.owed
        and not any((key.rule_id, key.child_id, person) in after.undecided for person in owed.subject_ids - anothers)
    }


def _difference(
    submission: Submission[Any], case: Case, before: Assessment, after: Assessment, *, lost: set[DutyKey],
    anew: Mapping[DutyKey, Owed],
) -> list[Recording]:
    open_by_key = {duty.key: duty for duty in case.obligations.open_duties()}
    is_mislink = isinstance(submission.command, WithdrawMislink)
    reason = WithdrawnBecause.MISLINKED if is_mislink else WithdrawnBecause.CORRECTED
    recordings = [
        Recording(event=DutyWithdrawn(duty_id=duty.duty_id, reason=reason))
        for key, duty in open_by_key.items() if key in lost | anew.keys()
    ]
    new = [
        anew.get(key, owed) for key, owed in after.owed.items()
        if key in anew or (key not in before.owed and key not in open_by_key and not stands(case, key))
    ]
    return recordings + _raised(submission, case, new) + _questions(submission, case, after)


def _raised(submission: Submission[Any], case: Case, new: Sequence[Owed]) -> list[Recording]:
    """New duties, and what was done before they could be raised."""
    recordings: list[Recording] = []
    for ordinal, owed in enumerate(new):
        raised = _raise(submission, ordinal, owed)
        recordings.append(Recording(event=raised, causation_id=owed.cause_event_id))
        rule = submission.standing.rule_by_digest(raised.pack_digest, raised.rule_id)
        recordings += met_before(case, rule, Duty(duty_id=raised.duty_id, raised=raised), owed)
    return recordings


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
    asked = {key: missing for key, missing in after.missing.items() if not _is_settled(case, *key)}
    for key, question in standing.items():
        if key not in asked and key not in after.withheld and question.missing is not MissingFact.SILENCE:
            recordings.append(Recording(event=QuestionClosed(question_id=question.question_id)))
    for ordinal, (key, missing) in enumerate(asked.items()):
        known = standing.get(key)
        if known is not None and _is_said_by(known, missing):
            continue
        recordings.append(Recording(event=QuestionRaised(
            question_id=known.question_id if known else submission.own_id("question", ordinal),
            person_id=missing.person_id, missing=missing.missing, child_ids=missing.child_ids, rule_ids=missing.rule_ids,
            since=missing.since,
        )))
    return recordings


def _is_settled(case: Case, person_id: UUID, missing: MissingFact) -> bool:
    """A named person's decision that nobody can tell closes the question of origin (design decision 8)."""
    return missing is MissingFact.ORIGIN and case.citizenship.is_undeterminable(person_id)


def _is_said_by(question: QuestionRaised, missing: Missing) -> bool:
    """Whether the open question names every child and every rule that waits for the fact."""
    return set(missing.child_ids) <= set(question.child_ids) and set(missing.rule_ids) <= set(question.rule_ids)


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


def _engagements(submission: Submission[Any], case: Case, events: Sequence[Envelope]) -> list[Recording]:
    """Open or widen the engagement that each notice needs, and that which those need who stay where another's record is
    closed."""
    signs = Signs(submission, case)
    duties = _of_those_who_stay(submission, case, events)
    for kind, owed in _consulates(case).items():
        office = case.engagements.routes.get(kind)
        if office is not None:
            duties[office] = [*owed, *(duty for duty in duties.get(office, ()) if duty not in owed)]
    recordings: list[Recording] = []
    for ordinal, (office, found) in enumerate(duties.items()):
        recordings += _engage(submission, case, signs, ordinal, office, found)
    return recordings


def _of_those_who_stay(submission: Submission[Any], case: Case, events: Sequence[Envelope]) -> dict[str, list[Duty]]:
    """What is owed, or was met and stands, of the persons of a notice engagement that ended because a record was closed;
    by its office."""
    found: dict[str, list[Duty]] = {}
    for envelope in events:
        told = envelope.event
        if not isinstance(told, EngagementEnded) or told.reason not in RECORD_CLOSED:
            continue
        engagement = case.engagements.engagements[told.engagement_id]
        office = submission.standing.offices.get(engagement.office)
        if office is not None and engagement.purpose is Purpose.CONSULAR_NOTICE:
            found[engagement.office] = [
                duty for duty in case.obligations.duties.values()
                if duty.raised.child_id in engagement.references and duty.key is not None
                and duty.key.recipient_kind == office.recipient_kind
                and (duty.stage is DutyStage.OPEN or stands(case, duty.key))
            ]
    return found


def _ended(submission: Submission[Any], case: Case, after: Assessment, lost: set[DutyKey]) -> list[Recording]:
    """End every engagement that names a child whom its kind of consulate should never have learned of, or may no more.

    Where other children remain, a new engagement is opened for them: what was prepared or is on its way under the
    old one does not leave any more.
    """
    still = {(key.recipient_kind, key.child_id) for key in after.owed}
    gone = {(key.recipient_kind, key.child_id) for key in lost} - still
    offices = submission.standing.offices
    reason = EndedBecause.POLICY if isinstance(submission.command, ApplyPolicy) else EndedBecause.CORRECTED
    return [
        Recording(event=EngagementEnded(engagement_id=engagement.engagement_id, reason=reason))
        for engagement in case.engagements.engagements.values()
        if engagement.is_open and engagement.purpose is Purpose.CONSULAR_NOTICE and engagement.office in offices
        and any((offices[engagement.office].recipient_kind, child) in gone for child in engagement.references)
    ]


def _engage(
    submission: Submission[Any], case: Case, signs: Signs, ordinal: int, office: str, duties: list[Duty]
) -> list[Recording]:
    closed = closed_to_partners(case, Purpose.CONSULAR_NOTICE)
    children = [child for child in dict.fromkeys(duty.raised.child_id for duty in duties) if child not in closed]
    if not children:
        return []
    persons = [*children, *(person for person in people_around(case, children) if person not in closed)]
    rule_ids = tuple(dict.fromkeys(duty.raised.rule_id for duty in duties))
    engagement: Engagement | None = case.engagements.open_for(office, Purpose.CONSULAR_NOTICE)
    if engagement is None:
        opened = EngagementOpened(
            engagement_id=submission.own_id("notice engagement", ordinal), office=office, purpose=Purpose.CONSULAR_NOTICE,
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
