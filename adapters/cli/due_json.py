"""`due` for programs: one document, grouped by case, with stable keys."""
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.cli.due_text import has_passed
from adapters.cli.holds import document as hold
from adapters.cli.plain import plain
from adapters.cli.recalls import document as corrections

if TYPE_CHECKING:
    from adapters.cli.due_found import AskedFact, CaseDue
    from adapters.reading.acts import Explained
    from adapters.reading.reviews import OpenReview
    from adapters.reading.waiting import Waiting
    from domain.agency.state import Agency
    from domain.case.obligations import Duty
    from domain.case.owners import Owner


def document(one: CaseDue) -> dict[str, Any]:
    """One case."""
    return {
        "case": str(one.case_id), "agency": one.agency.code, "jurisdiction": one.agency.jurisdiction,
        "questions": [_question(item, one.now) for item in one.questions],
        "questions_not_asked": one.unasked,
        "acts": [_act(act, one.agency, one.now) for act in one.acts],
        "waiting": [_waiting(item, one.now) for item in one.waiting],
        "holds": [hold(standing) for standing in one.holds],
        "corrections": [corrections(item) for item in one.owing],
        "reviews": [review(item, one.now) for item in one.reviews],
    }


def _owner(owner: Owner) -> dict[str, str]:
    return {"name": owner.name, "kind": owner.kind.value, "because": owner.because.value}


def _question(item: AskedFact, now: datetime) -> dict[str, Any]:
    question = item.question
    return {
        "question_id": str(question.question_id), "person_id": str(question.person_id), "missing": question.missing.value,
        "child_ids": [str(child) for child in question.child_ids], "rules": list(question.rule_ids),
        "since": question.since.isoformat(), "age_seconds": int((now - question.since).total_seconds()),
        "owner": _owner(item.owner), "text": item.text,
    }


def _act(explained: Explained, agency: Agency, now: datetime) -> dict[str, Any]:
    act = explained.act
    return {
        "title": explained.title, "state": explained.state, "stage": act.stage.value,
        "recipient_kind": act.recipient_kind, "office": act.office, "child_ids": [str(child) for child in act.child_ids],
        "notice_id": str(act.notice.prepared.notice_id) if act.notice else None, "was_missed": act.was_missed,
        "owners": [_owner(owner) for owner in explained.owners], "reasons": list(explained.reasons),
        "duties": [_duty(duty, agency, now) for duty in act.duties],
    }


def _duty(duty: Duty, agency: Agency, now: datetime) -> dict[str, Any]:
    from adapters.reading.acts import rule_of
    from domain.agency.targets import target_of

    raised, found, target = duty.raised, rule_of(agency, duty), target_of(agency, duty.raised)
    pack, rule = found if found is not None else (None, None)
    return {
        "duty_id": str(duty.duty_id), "stage": duty.stage.value, "was_missed": duty.was_missed, "rule": raised.rule_id,
        "force": rule.force if rule else None, "words": rule.words if rule else None,
        "citation": rule.citation if rule else None, "as_reported": pack.as_reported if pack else None,
        "pack_digest": raised.pack_digest, "cited_rules": list(raised.cited_rule_ids), "owner": raised.owner,
        "cause_event_id": str(raised.cause_event_id), "clock_start": plain(raised.clock_start),
        "due_at": plain(raised.due_at), "due_zone": raised.due_zone, "calendar_digest": raised.calendar_digest,
        "qualifier": raised.qualifier, "target_at": plain(target.at) if target else None,
        "target_words": target.limit.words if target else None,
        "age_seconds": int((now - raised.clock_start).total_seconds()),
        "has_passed": has_passed(duty, now), "met": plain(duty.met),
    }


def review(item: OpenReview, now: datetime) -> dict[str, Any]:
    """One open review."""
    found = item.review
    return {
        "child_id": str(item.child_id), "engagement_ids": [str(one) for one in found.engagement_ids],
        "consent_ids": [str(one) for one in found.consent_ids], "raised_event_id": str(found.event_id),
        "since": found.raised_at.isoformat(), "age_seconds": int((now - found.raised_at).total_seconds()),
        "owner": _owner(item.owner), "title": item.title, "state": item.state, "next": item.next,
    }


def _waiting(item: Waiting, now: datetime) -> dict[str, Any]:
    request, needed = item.request, item.needed
    return {
        "request_id": str(request.request_id), "asked_for": request.asking.kind.value,
        "person_ids": [str(person) for person in request.asking.person_ids], "event_id": str(request.event_id),
        "asked_at": plain(request.asked_at), "age_seconds": int((now - request.asked_at).total_seconds()),
        "awaited": [
            {"what": one.awaited.value, "ask_again_at": plain(one.ask_again_at), "needed_by": plain(one.needed_by)}
            for one in item.expectations
        ],
        "needed_for": needed.needed_for.value if needed else None, "is_overdue": item.is_overdue,
        "next": [{"words": route.words, "command": route.command, "rule": route.rule} for route in item.next],
        "owner": _owner(item.owner), "title": item.title, "text": item.state,
    }
