"""Acts and questions, each explaining itself: what, by when and why, under which rule, met by what."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.reading.words import QUESTIONS, due, limit, missing, moment, people, span, withdrawn
from domain.agency.state import Agency
from domain.case.acts import Act, ActStage, acts_of
from domain.case.obligations import Duty, DutyStage, QuestionRaised
from domain.case.state import Case
from domain.policy.calendar import parse_calendar
from domain.policy.clock import LimitKind
from domain.policy.pack import Pack, Rule, parse_pack


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
        f"Nobody has recorded {missing(case, question.person_id, question.missing)}, for {span(now - question.since)} "
        f"{_since(case, question)}. {', '.join(question.rule_ids)} cannot be told without it; "
        f"a lawful way to ask: {QUESTIONS[question.missing][1]}."
        for question in case.obligations.questions.values()
    ]


def _since(case: Case, question: QuestionRaised) -> str:
    begun = {episode.taken_at for episode in case.custody.episodes.values()}
    return "since custody" if question.since in begun else "since a rule first needed it"


def _explain(act: Act, case: Case, agency: Agency, now: datetime) -> Explained:
    return Explained(
        act=act, title=_title(act, case, agency), state=state_of(act, now, agency.zone),
        reasons=(*(reason for duties in _alike(act) for reason in _reasons(duties, case, agency)), *_after(act)),
    )


def _title(act: Act, case: Case, agency: Agency) -> str:
    """What a person does, in the words of the rule where it has some, and for which children."""
    about, office = people(case, act.child_ids), agency.offices.get(act.office or "")
    if act.recipient_kind == "UNIT-IMM":
        return f"Inform the immigration unit about {about}"
    found = None if office or act.is_notice else rule_of(agency, act.duties[0])
    if found is not None:
        return f"{found[1].act or found[1].words.rstrip('.')}: {about}"
    return f"Notify {office.name if office else act.recipient_kind} about {about}"


def _alike(act: Act) -> list[list[Duty]]:
    """Duties of one rule with one clock and one fate are explained once, for all their children."""
    groups: dict[object, list[Duty]] = {}
    for duty in act.duties:
        raised, met = duty.raised, duty.met.met_by_event_id if duty.met else None
        groups.setdefault((raised.rule_id, raised.clock_start, duty.stage, duty.was_missed, met), []).append(duty)
    return list(groups.values())


def _after(act: Act) -> list[str]:
    """What became of a notice that went to the wrong office."""
    notice = act.notice
    if notice is None or notice.corrected is None:
        return []
    proof = "it has that letter" if notice.correction_received else "its receipt is still awaited"
    asked = notice.corrected.text_code.value
    return [f"afterwards: this office had been told in error and was asked to {asked} it; {proof}"]


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
        return f"{limit(first.raised.qualifier)}, open for {span(now - first.raised.clock_start)}{waiting}"
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


def _reasons(duties: list[Duty], case: Case, agency: Agency) -> list[str]:
    duty, found, reasons = duties[0], rule_of(agency, duties[0]), list[str]()
    raised, zone = duty.raised, duty.raised.due_zone
    if found is not None:
        pack, rule = found
        citation = f" {rule.citation}." if rule.citation else ""
        reported = f" ({pack.as_reported})" if pack.as_reported else ""
        children = people(case, tuple(d.raised.child_id for d in duties))
        reasons.append(f"{rule.id}, {rule.force}, for {children}: {rule.words}{citation}{reported}")
        reasons.append(_clock(duty, rule, agency))
    for cited in sorted({rule_id for d in duties for rule_id in d.raised.cited_rule_ids}):
        reasons.append(f"with {cited}")
    if duty.met is not None:
        late = f", {span(timedelta(seconds=duty.met.late_by_seconds))} late" if duty.met.late_by_seconds else ""
        word = "said to be met" if duty.met.is_said else "met"
        reasons.append(f"{word} {moment(duty.met.met_at, zone)}{late}, by event {str(duty.met.met_by_event_id)[:8]}")
    elif duty.stage is DutyStage.WITHDRAWN:
        reasons.append(f"withdrawn: {withdrawn(duty.withdrawn)}")
    else:
        reasons.append(f"owed by the {raised.owner}")
    return reasons


def _clock(duty: Duty, rule: Rule, agency: Agency) -> str:
    raised = duty.raised
    start = f"clock from {moment(raised.clock_start, raised.due_zone)}, when all was known that made the rule apply"
    if raised.due_at is None:
        words = limit(raised.qualifier)
        return f"{start}; {words}{'' if words == limit(None) else ': no number is stated'}, so only its age is shown"
    if rule.limit.kind is LimitKind.BUSINESS_DAYS:
        counted = f"calendar {(raised.calendar_digest or '')[:8]}{_skipped(duty, agency)}"
    else:
        counted = "hours run on, over weekends and holidays too"
    missed = " That moment passed with the act undone: MISSED." if duty.was_missed else ""
    return f"{start}; {rule.limit.words}: due {due(raised.due_at, raised.due_zone)} ({counted}).{missed}"


def _skipped(duty: Duty, agency: Agency) -> str:
    """The holidays that lay between the start of a clock and its end."""
    raised = duty.raised
    assert raised.due_at is not None
    first, last = (at.astimezone(ZoneInfo(raised.due_zone)).date() for at in (raised.clock_start, raised.due_at))
    for adoption in agency.calendars:
        if adoption.digest == raised.calendar_digest:
            days_off = parse_calendar(adoption.text, adoption.digest).days_off
            passed = [f"{day:%a %d %b} is {name}" for day, name in sorted(days_off.items()) if first < day <= last]
            return f"; {', '.join(passed)}" if passed else "; no holiday in between"
    return ""
