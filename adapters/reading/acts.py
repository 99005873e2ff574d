"""Acts and questions, each explaining itself: what, by when and why, under which rule, met by what."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.reading.words import due, moment, people, person, span
from domain.agency.state import Agency
from domain.case.acts import Act, ActStage, acts_of
from domain.case.obligations import Duty, DutyStage
from domain.case.state import Case
from domain.policy.clock import LimitKind
from domain.policy.pack import Pack, Rule, parse_pack

PROXY = "a lawful way to ask: proxy questions on origin, stay and family (US-CIT-PROXY), never status"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """One act in words: a headline, a state, and its reasons, a sentence each."""

    act: Act
    title: str
    state: str
    reasons: tuple[str, ...]


def explain_acts(case: Case, agency: Agency, now: datetime) -> list[Explained]:
    """Every act of a case as a liaison reads it."""
    return [_explain(act, case, agency, now) for act in acts_of(case, agency.packs_at(now))]


def explain_questions(case: Case, now: datetime) -> list[str]:
    """Every open question: the missing fact, the rules that wait, how long since custody, how to ask."""
    return [
        f"Where is {person(case, question.person_id)} from? Not known for {span(now - question.since)} since custody. "
        f"{', '.join(question.rule_ids)} cannot be told without it; {PROXY}."
        for question in case.obligations.questions.values()
    ]


def _explain(act: Act, case: Case, agency: Agency, now: datetime) -> Explained:
    office = agency.offices.get(act.office or "")
    is_inside = act.recipient_kind == "UNIT-IMM"
    to = office.name if office else "the immigration unit" if is_inside else act.recipient_kind
    verb = "Inform" if is_inside else "Notify"
    return Explained(
        act=act, title=f"{verb} {to} about {people(case, act.child_ids)}", state=state_of(act, now, agency.zone),
        reasons=tuple(reason for duty in act.duties for reason in _reasons(duty, case, agency)),
    )


def state_of(act: Act, now: datetime, zone: str) -> str:
    """`missed, then done 47 h 20 min late`, `due Fri 21 Aug 2026`, `without delay, for 3 h`."""
    first = act.duties[0]
    if act.stage is ActStage.WITHDRAWN:
        return "withdrawn"
    if act.stage is ActStage.DONE:
        late = max((duty.met.late_by_seconds or 0) for duty in act.duties if duty.met)
        met_at = max(duty.met.met_at for duty in act.duties if duty.met)
        missed = f"missed, then done {span(timedelta(seconds=late))} late" if late else "done in time"
        return f"{missed if any(d.raised.due_at for d in act.duties) else 'done'} ({moment(met_at, zone)})"
    waiting = "" if act.stage is ActStage.OWED else f", {act.stage.value}"
    if first.raised.due_at is None:
        return f"{first.raised.qualifier}, open for {span(now - first.raised.clock_start)}{waiting}"
    when = due(first.raised.due_at, first.raised.due_zone)
    return f"{'MISSED' if first.was_missed else 'due'} {when}{waiting}"


def rule_of(agency: Agency, duty: Duty) -> tuple[Pack, Rule] | None:
    """The rule of a duty in the very text that was adopted when it was raised."""
    for adoption in agency.packs:
        if adoption.digest == duty.raised.pack_digest:
            pack = parse_pack(adoption.text, adoption.digest)
            rule = pack.rule(duty.raised.rule_id)
            return None if rule is None else (pack, rule)
    return None


def _reasons(duty: Duty, case: Case, agency: Agency) -> list[str]:
    raised, found = duty.raised, rule_of(agency, duty)
    reasons = []
    if found is not None:
        pack, rule = found
        citation = f" {rule.citation}." if rule.citation else ""
        reported = f" {pack.as_reported}." if pack.as_reported else ""
        reasons.append(f"{rule.id} ({rule.force}, {person(case, raised.child_id)}): {rule.words}{citation}{reported}")
        reasons.append(_clock(duty, rule))
    if raised.cited_rule_ids:
        reasons.append(f"with {', '.join(raised.cited_rule_ids)}")
    if duty.met is not None:
        late = f", {span(timedelta(seconds=duty.met.late_by_seconds))} late" if duty.met.late_by_seconds else ""
        word = "said to be met" if duty.met.is_said else "met"
        when = moment(duty.met.met_at, raised.due_zone)
        reasons.append(f"{word} {when}{late} by event {str(duty.met.met_by_event_id)[:8]}")
    elif duty.stage is DutyStage.WITHDRAWN:
        reasons.append("withdrawn: the fact that raised it was never true")
    else:
        reasons.append(f"owed by the {raised.owner}")
    return reasons


def _clock(duty: Duty, rule: Rule) -> str:
    raised = duty.raised
    start = f"clock from {moment(raised.clock_start, raised.due_zone)}, the later of custody and the fact that raised it"
    if raised.due_at is None:
        return f"{start}; {raised.qualifier}: no number is stated, so only its age is shown"
    counted = "hours run through weekends and holidays"
    if rule.limit.kind is LimitKind.BUSINESS_DAYS:
        counted = f"working days in {raised.due_zone}, calendar {(raised.calendar_digest or '')[:8]}"
    missed = " That moment passed with the act undone: MISSED." if duty.was_missed else ""
    return f"{start}; {rule.limit.words}: due {due(raised.due_at, raised.due_zone)} ({counted}).{missed}"
