"""Acts and questions, each explaining itself: what, by when and why, under which rule, met by what."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.reading.holds import held_words
from adapters.reading.words import QUESTIONS, due, limit, missing, moment, people, span, withdrawn
from domain.agency.events import OfficeStage
from domain.agency.state import Agency
from domain.agency.targets import target_of
from domain.case.acts import Act, ActStage, acts_of
from domain.case.consular import TextCode
from domain.case.obligations import Duty, DutyStage, QuestionRaised
from domain.case.owners import OwnedBecause, Owner, owner_of_duty
from domain.case.state import Case
from domain.policy.calendar import parse_calendar
from domain.policy.clock import LimitKind
from domain.policy.facts import MissingFact
from domain.policy.pack import Pack, Rule

SATURDAY = 5
STOPPED = {
    OfficeStage.SUSPENDED: ", AND THIS OFFICE IS SUSPENDED: nothing leaves to it until it is put live",
    OfficeStage.ENDED: ", AND THIS OFFICE HAS ENDED: route the case to another of its kind, and prepare it anew",
}
"""What is said of an act toward an office to which nothing leaves; its clock runs on."""
FactOf = Callable[[UUID], str | None]
"""An event by its id, as a sentence; None where this reader does not look it up."""
NotLeftOf = Callable[[], Mapping[UUID, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why one rule asks for an act: its words, then its clock and what became of it, a sentence each."""

    rule_id: str
    head: str
    words: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """One act in words: a headline, a state, who has it in hand, and why, rule by rule."""

    act: Act
    title: str
    state: str
    owners: tuple[Owner, ...]
    why: tuple[Explanation, ...]
    after: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything of it, a sentence each."""
        told = [line for one in self.why for line in ((f"{one.head}: {one.words}",) if one.words else ()) + one.lines]
        return (*told, *self.after)


def explain_acts(
    case: Case, agency: Agency, now: datetime, fact_of: FactOf = lambda event_id: None, not_left: NotLeftOf = dict
) -> list[Explained]:
    """Every act of a case as a liaison reads it. `not_left` says why what was released did not leave, by its id; it is asked
    only where something was released and is still owed."""
    return [_explain(act, case, agency, now, fact_of, not_left) for act in acts_of(case, agency.packs_at(now))]


def explain_questions(case: Case, now: datetime) -> list[str]:
    """Every open question: the missing fact, the rules that wait, how long since custody, how to ask."""
    return [
        f"Nobody has recorded {missing(case, question.person_id, question.missing)}, for {span(now - question.since)} "
        f"{_since(case, question)}. {_waiting(question)}lawful way to ask: {QUESTIONS[question.missing][1]}."
        for question in case.obligations.questions.values()
    ]


def _waiting(question: QuestionRaised) -> str:
    return f"{', '.join(question.rule_ids)} cannot be told without it; a " if question.rule_ids else "A "


def _since(case: Case, question: QuestionRaised) -> str:
    if question.missing is MissingFact.SILENCE:
        return "since its export lacked it"
    begun = {episode.taken_at for episode in case.custody.episodes.values()}
    return "since custody" if question.since in begun else "since a rule first needed it"


def _explain(
    act: Act, case: Case, agency: Agency, now: datetime, fact_of: FactOf, not_left: NotLeftOf
) -> Explained:
    stopped = _stopped(act, case, agency) or _did_not_leave(act, not_left)
    return Explained(
        act=act, title=_title(act, case, agency), state=state_of(act, now, agency.zone) + stopped,
        owners=tuple(dict.fromkeys(owner_of_duty(case, agency, duty, now) for duty in _in_hand(act))),
        why=tuple(_explanation(duties, case, agency, now, fact_of) for duties in _alike(act)), after=tuple(_after(act)),
    )


def _stopped(act: Act, case: Case, agency: Agency) -> str:
    """That nothing of it goes now to whom this act is for; what is done needs no saying."""
    if not any(duty.stage is DutyStage.OPEN for duty in act.duties):
        return ""
    office = agency.offices.get(act.office or "")
    return ("" if office is None else STOPPED.get(office.stage, "")) + held_words(case, agency, act)


def _did_not_leave(act: Act, not_left: NotLeftOf) -> str:
    if act.stage is not ActStage.RELEASED or act.notice is None:
        return ""
    because = not_left().get(act.notice.prepared.notice_id)
    return f", AND IT DID NOT LEAVE: {because}" if because else ""


def _in_hand(act: Act) -> tuple[Duty, ...]:
    """What is still to be done of it; of what is done, everything."""
    return tuple(duty for duty in act.duties if duty.stage is DutyStage.OPEN) or act.duties


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
    """What became of a notice that its office is not to keep: told in error, or of a record that is to be destroyed."""
    notice = act.notice
    if notice is None or notice.corrected is None:
        return []
    proof = "it has that letter" if notice.correction_received else "its receipt is still awaited"
    asked = "asked to erase it, by a court's order" if notice.corrected.text_code is TextCode.ERASE else (
        "told that it was in error and asked to disregard it"
    )
    return [f"afterwards: this office was {asked}; {proof}"]


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
    pack = agency.pack_by_digest(duty.raised.pack_digest)
    rule = None if pack is None else pack.rule(duty.raised.rule_id)
    return None if pack is None or rule is None else (pack, rule)


def _explanation(duties: list[Duty], case: Case, agency: Agency, now: datetime, fact_of: FactOf) -> Explanation:
    duty, found, said = duties[0], rule_of(agency, duties[0]), list[str]()
    raised, zone, words = duty.raised, duty.raised.due_zone, ""
    head = f"{raised.rule_id} for {people(case, tuple(d.raised.child_id for d in duties))}"
    if found is not None:
        pack, rule = found
        citation = f" {rule.citation}." if rule.citation else ""
        reported = f" ({pack.as_reported})" if pack.as_reported else ""
        head = head.replace(raised.rule_id, f"{rule.id}, {rule.force},", 1)
        words = f"{rule.words}{citation}{reported}"
        said.append(_clock(duty, rule, case, agency))
    said += _target(duty, agency, now)
    said += [f"raised by {told}" for told in map(fact_of, _raised_by(duty, case)) if told is not None]
    cited = sorted({rule_id for d in duties for rule_id in d.raised.cited_rule_ids})
    said += [f"with {', '.join(cited)}"] if cited else []
    if duty.met is not None:
        late = f", {span(timedelta(seconds=duty.met.late_by_seconds))} late" if duty.met.late_by_seconds else ""
        word = "said to be met" if duty.met.is_said else "met"
        by = fact_of(duty.met.met_by_event_id) or f"event {str(duty.met.met_by_event_id)[:8]}"
        said.append(f"{word} {moment(duty.met.met_at, zone)}{late}, by {by}")
    elif duty.stage is DutyStage.WITHDRAWN:
        said.append(f"withdrawn: {withdrawn(duty.withdrawn)}")
    else:
        said.append(owed_by(owner_of_duty(case, agency, duty, now)))
    return Explanation(rule_id=raised.rule_id, head=head, words=words, lines=tuple(said))


def _raised_by(duty: Duty, case: Case) -> tuple[UUID, ...]:
    """The events that a duty rests on: the one that started its clock, and the custody, where that is another."""
    episode = case.custody.episodes.get(duty.raised.episode_id) if duty.raised.episode_id is not None else None
    causes = (duty.raised.cause_event_id, *(() if episode is None else (episode.event_id,)))
    return tuple(dict.fromkeys(causes))


def owed_by(owner: Owner) -> str:
    """`owed by the Immigration Affairs Unit (named by the pack)`."""
    article = "" if owner.because is OwnedBecause.ASSIGNED else "the "
    return f"owed by {article}{owner.name} ({owner.because.value})"


def _target(duty: Duty, agency: Agency, now: datetime) -> list[str]:
    """The agency's own aim beside a rule that gives no number."""
    target = target_of(agency, duty.raised)
    if target is None:
        return []
    if target.at is None:
        return [f"the agency's own target, which is policy and not law: {target.limit.words}"]
    passed = ", which has passed" if target.at < now and duty.stage is DutyStage.OPEN else ""
    return [f"the agency's own target, which is policy and not law: {due(target.at, duty.raised.due_zone)}{passed}"]


def _clock(duty: Duty, rule: Rule, case: Case, agency: Agency) -> str:
    raised = duty.raised
    since = "the notice that had met it counted no more" if _was_met_before(case, duty) else (
        "all was known that made the rule apply"
    )
    start = f"clock from {moment(raised.clock_start, raised.due_zone)}, when {since}"
    if raised.due_at is None:
        words = limit(raised.qualifier)
        return f"{start}; {words}{'' if words == limit(None) else ': no number is stated'}, so only its age is shown"
    counted = _counted(duty, rule.limit.kind, agency)
    missed = " That moment passed with the act undone: MISSED." if duty.was_missed else ""
    return f"{start}; {rule.limit.words}: due {due(raised.due_at, raised.due_zone)} ({counted}).{missed}"


def _was_met_before(case: Case, duty: Duty) -> bool:
    """Whether the same was owed, and met, before the clock of this duty began: what met it was taken back."""
    mine = duty.raised
    return any(
        one.met is not None and one.met.met_at <= mine.clock_start and one.duty_id != duty.duty_id
        and (one.raised.rule_id, one.raised.child_id, one.raised.episode_id, one.raised.recipient_kind)
        == (mine.rule_id, mine.child_id, mine.episode_id, mine.recipient_kind)
        for one in case.obligations.duties.values()
    )


def _counted(duty: Duty, kind: LimitKind, agency: Agency) -> str:
    """How a due moment was reckoned: by which calendar and over which days off, or over everything."""
    raised = duty.raised
    assert raised.due_at is not None
    if kind is LimitKind.CALENDAR_MONTHS:
        return "calendar months; a shorter month ends on its last day"
    if kind is not LimitKind.BUSINESS_DAYS:
        return "hours run on, over weekends and holidays too"
    version = f"calendar {(raised.calendar_digest or '')[:8]}"
    for adoption in agency.calendars:
        if adoption.digest == raised.calendar_digest:
            start, last = (at.astimezone(ZoneInfo(raised.due_zone)).date() for at in (raised.clock_start, raised.due_at))
            days_off = parse_calendar(adoption.text, adoption.digest).days_off
            days = [start + timedelta(days=number) for number in range(1, (last - start).days + 1)]
            holidays = [f"{day:%a %d %b} is {days_off[day]}" for day in days if day in days_off]
            weekend = sum(day.weekday() >= SATURDAY and day not in days_off for day in days)
            skipped = ", ".join(holidays) or "no holiday in between"
            return f"{version} of {adoption.id}; {skipped}" + (f"; {weekend} days of weekends skipped" if weekend else "")
    return version
