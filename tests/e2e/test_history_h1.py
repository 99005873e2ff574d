"""History H1, entries 1 to 24, as commands through the real parts: each check of its last column."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.disclosure.streams import feed_stream
from adapters.reading.acts import explain_acts
from adapters.reading.feeds import entries
from domain.case.citizenship import CitizenshipCorrected, CitizenshipInformationObtained
from domain.case.consular import ConsularNotificationPrepared, ConsulateNotified, CorrectionReceived
from domain.case.custody import CustodyTaken
from domain.case.obligations import DeadlineMissed, DutyMet, DutyRaised, QuestionClosed, QuestionRaised
from domain.disclosure.events import Disclosed, Withdrawn
from domain.events import Envelope, Event
from domain.personal import Known
from domain.policy.facts import MissingFact
from domain.policy.pack import parse_pack
from tests.e2e.embedded import H1, H1_CASE, Embedded, embedded

DENVER = ZoneInfo("America/Denver")


@pytest.fixture(scope="module")
def h1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with embedded(tmp_path_factory.mktemp("h1")) as made:
        outcomes = made.play(H1)
        assert {outcome.status for outcome in outcomes} == {"accepted"}
        yield made


def events(h1: Embedded, kind: type[Event]) -> list[Envelope]:
    return [e for e in h1.casebridge.backbone.envelopes(f"case-{H1_CASE}") if isinstance(e.event, kind)]


def at(day: int, hour: int, minute: int = 0, month: int = 8) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=DENVER)


def test_one_custody_event_for_each_child(h1: Embedded) -> None:
    assert len(events(h1, CustodyTaken)) == 2


def test_what_nobody_knew_stood_as_questions_and_was_closed_by_the_answer(h1: Embedded) -> None:
    raised = {e.event.question_id for e in events(h1, QuestionRaised) if isinstance(e.event, QuestionRaised)}
    closed = [e.event.question_id for e in events(h1, QuestionClosed) if isinstance(e.event, QuestionClosed)]
    still_asked = {q.question_id: q.missing for q in h1.case().obligations.questions.values()}
    assert sorted(map(str, raised - set(still_asked))) == sorted(map(str, closed)) and len(closed) >= 4
    assert MissingFact.ORIGIN not in still_asked.values()


def test_the_mexican_24_hours_end_on_saturday_and_are_missed_without_anyone(h1: Embedded) -> None:
    [missed] = events(h1, DeadlineMissed)
    assert missed.circumstances.occurred_at == at(15, 10)
    assert missed.circumstances.actor.role == "clock"


def test_a_late_notice_meets_the_duty_and_the_miss_stays(h1: Embedded) -> None:
    late = [e.event for e in events(h1, DutyMet) if isinstance(e.event, DutyMet) and e.event.late_by_seconds]
    assert [duty.late_by_seconds for duty in late] == [47 * 3600 + 20 * 60]
    assert h1.case().obligations.duties[late[0].duty_id].was_missed


def test_a_missing_optional_item_is_named_and_blocks_nothing(h1: Embedded) -> None:
    prepared = events(h1, ConsularNotificationPrepared)[0].event
    assert isinstance(prepared, ConsularNotificationPrepared)
    assert prepared.missing_optional == ("parent_current_address",) and prepared.missing_required == ()


def test_three_offices_of_three_countries_were_notified_each_by_the_proof_of_a_hand_over(h1: Embedded) -> None:
    notified = [e.event for e in events(h1, ConsulateNotified)]
    told = [(n.office, n.country, n.entry) for n in notified if isinstance(n, ConsulateNotified)]
    assert told == [
        ("cons-mx.el-paso", Known("MX"), 1), ("cons-gt.denver", Known("GT"), 1), ("cons-hn.houston", Known("HN"), 1)
    ]
    assert all(isinstance(n, ConsulateNotified) and isinstance(n.receipt, Known) for n in notified)


def test_guatemala_was_notified_on_the_third_of_five_working_days(h1: Embedded) -> None:
    notified = events(h1, ConsulateNotified)[1]
    assert notified.circumstances.occurred_at == at(19, 10, 15)


def test_the_past_event_is_kept_and_the_correction_names_it(h1: Embedded) -> None:
    told = {e.circumstances.event_id for e in events(h1, CitizenshipInformationObtained)}
    corrections = [e.event for e in events(h1, CitizenshipCorrected)]
    assert len(corrections) == 2
    assert all(isinstance(c, CitizenshipCorrected) and c.replaces_event_id in told for c in corrections)


def test_the_correction_starts_a_new_clock_that_skips_the_holiday(h1: Embedded) -> None:
    new = [
        e.event for e in events(h1, DutyRaised)
        if isinstance(e.event, DutyRaised) and e.event.recipient_kind == Known("CONS-HN")
    ]
    due = {duty.due_at for duty in new if duty.due_at is not None}
    assert {duty.rule_id for duty in new} == {"NM-CONSULATE-OTHER-5WD", "US-CONSULATE-VCCR"} and len(new) == 3
    assert {moment.astimezone(DENVER).isoformat() for moment in due} == {"2026-09-09T23:59:59.999999-06:00"}


def test_the_wrong_office_is_asked_to_disregard_and_learns_nothing_new(h1: Embedded) -> None:
    feed = [e.event for e in h1.casebridge.backbone.envelopes(feed_stream("cons-gt.denver"))]
    assert [type(entry) for entry in feed] == [Disclosed, Withdrawn]
    assert isinstance(feed[1], Withdrawn) and feed[1].withdraws == 1
    letter = entries(h1.casebridge, "cons-gt.denver")[1].letter
    for name in ("Zúñiga", "Beltrán", "Honduras", "HN", "Nahomy", "custody"):
        assert name not in letter
    assert len(events(h1, CorrectionReceived)) == 1


def test_no_office_was_given_anything_but_its_own_entries(h1: Embedded) -> None:
    assert [(r.office, r.number) for r in h1.receiver.received] == [
        ("cons-mx.el-paso", 1), ("cons-gt.denver", 1), ("cons-gt.denver", 2), ("cons-hn.houston", 1)
    ]
    assert h1.receiver.rejected == 0


def test_what_arrived_is_what_the_entry_renders_to(h1: Embedded) -> None:
    rendered = {
        (office, entry.number): entry.content
        for office in h1.casebridge.backbone.agency("NM-CYFD").offices for entry in entries(h1.casebridge, office)
    }
    assert {(r.office, r.number): r.content for r in h1.receiver.received} == rendered


def test_every_duty_names_the_digest_of_the_text_that_was_adopted(h1: Embedded) -> None:
    agency = h1.casebridge.backbone.agency("NM-CYFD")
    texts = {adoption.digest: parse_pack(adoption.text, adoption.digest) for adoption in agency.packs}
    for envelope in events(h1, DutyRaised):
        assert isinstance(envelope.event, DutyRaised)
        assert texts[envelope.event.pack_digest].rule(envelope.event.rule_id) is not None


def test_the_acts_say_why(h1: Embedded) -> None:
    agency = h1.casebridge.backbone.agency("NM-CYFD")
    acts = {e.act.recipient_kind: e for e in explain_acts(h1.case(), agency, h1.clock.now())}
    assert acts["CONS-MX"].state.startswith("missed, then done 47 h 20 min late")
    assert any("Mon 07 Sep is Labor Day" in reason for reason in acts["CONS-HN"].reasons)
    assert any("disregard" in reason for reason in acts["CONS-GT"].reasons)


def test_no_notice_is_owed_at_the_end_and_nobodys_origin_is_a_question(h1: Embedded) -> None:
    obligations = h1.case().obligations
    assert not [duty for duty in obligations.open_duties() if "-CONSULATE-" in duty.raised.rule_id]
    assert not any(obligations.asks(person) for person in h1.case().intake.people)


def test_the_child_who_was_screened_needs_it_no_more_and_the_other_does(h1: Embedded) -> None:
    screening = [d for d in h1.case().obligations.duties.values() if d.raised.rule_id == "US-TRAFFICK-SCREEN"]
    assert Counter(duty.stage.value for duty in screening) == {"met": 1, "open": 1}


def test_the_same_history_again_has_no_effect_and_the_same_answers(h1: Embedded) -> None:
    head = h1.casebridge.log.head()
    again = h1.play(H1)
    assert {outcome.status for outcome in again} == {"repeated"}
    assert h1.casebridge.log.head() == head


def test_what_was_given_elsewhere_and_proved_untrue_is_named(h1: Embedded) -> None:
    """Mexico was told the mother's first birthplace; that entry stands until its own correction goes out."""
    [mexico] = entries(h1.casebridge, "cons-mx.el-paso")
    assert mexico.corrected_since == ("parent.birth_place",)
    assert [entry.corrected_since for entry in entries(h1.casebridge, "cons-gt.denver")] == [(), ()]
    assert entries(h1.casebridge, "cons-hn.houston")[0].corrected_since == ()
