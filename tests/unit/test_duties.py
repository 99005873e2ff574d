"""What the rules make of a family's facts: duties, questions, clocks, misses."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.agency.state import Agency
from domain.case.acts import ActStage, acts_of
from domain.case.citizenship import (
    CitizenshipCorrected,
    CitizenshipInformationObtained,
    CorrectCitizenship,
    PersonOrigin,
    ProxyQuestion,
    RecordProxyAnswer,
)
from domain.case.consular import (
    ConsulateNotified,
    ImmigrationUnitInformed,
    InformImmigrationUnit,
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    ReleaseDisclosure,
    Way,
)
from domain.case.custody import EndCustody, TakeIntoCustody
from domain.case.engagement import EngagementEnded, EngagementOpened, EngagementWidened, OfficeRouted, RouteToOffice
from domain.case.intake import AddChild, LinkPartyToChild
from domain.case.obligations import (
    DeadlineMissed,
    DutyMet,
    DutyRaised,
    DutyWithdrawn,
    QuestionClosed,
    QuestionRaised,
    RecordMissedDeadline,
)
from domain.disclosure.contract import Purpose
from domain.personal import Known
from tests.specification import Outcome, Scenario, all_of_new_mexico, an_id, new_mexico
from tests.unit.people import (
    CHILD,
    FAMILY,
    FATHER,
    MOTHER,
    SIBLING,
    from_country,
    h1_information,
    obtain,
    take_child,
    take_sibling,
)

DENVER = ZoneInfo("America/Denver")
THURSDAY = datetime(2026, 8, 13, 16, 10, tzinfo=DENVER)
FRIDAY_10 = datetime(2026, 8, 14, 10, 0, tzinfo=DENVER)
in_custody = Scenario().given(*((c, THURSDAY) for c in FAMILY), (take_child, THURSDAY), (take_sibling, THURSDAY))
informed = in_custody.given((h1_information, FRIDAY_10))


def raised(*scenarios: Scenario) -> list[tuple[str, str, str]]:
    names = {CHILD: "C1", SIBLING: "C2"}
    return sorted(
        (duty.raised.rule_id, names[duty.raised.child_id], duty.raised.recipient_kind.value)
        for scenario in scenarios for duty in scenario.case.obligations.duties.values()
        if isinstance(duty.raised.recipient_kind, Known)
    )


def asked_about(scenario: Scenario) -> set[UUID]:
    return {person for person, _ in scenario.case.obligations.questions}


def test_h1_after_entry_5_counted_by_hand() -> None:
    assert raised(informed) == [
        ("NM-CONSULATE-INFORM", "C1", "UNIT-IMM"),
        ("NM-CONSULATE-INFORM", "C2", "UNIT-IMM"),
        ("NM-CONSULATE-MX-24H", "C2", "CONS-MX"),
        ("NM-CONSULATE-OTHER-5WD", "C1", "CONS-GT"),
        ("NM-CONSULATE-OTHER-5WD", "C2", "CONS-GT"),
        ("US-CONSULATE-VCCR", "C1", "CONS-GT"),
    ]


def test_h1_after_entry_5_under_every_rule_of_both_packs_counted_by_hand() -> None:
    """The notices are the same six duties and two letters; screening stands beside them, and four facts are missing."""
    whole = Scenario(standing=all_of_new_mexico()).given(
        *((c, THURSDAY) for c in FAMILY), (take_child, THURSDAY), (take_sibling, THURSDAY), (h1_information, FRIDAY_10)
    )
    notices = [duty for duty in raised(whole) if "-CONSULATE-" in duty[0]]
    assert notices == raised(informed)
    assert [duty for duty in raised(whole) if duty not in notices] == [
        ("NM-TRAFFICK-INITIAL", "C1", "CHILD"), ("NM-TRAFFICK-INITIAL", "C2", "CHILD"),
        ("US-TRAFFICK-SCREEN", "C1", "CHILD"), ("US-TRAFFICK-SCREEN", "C2", "CHILD"),
    ]
    cited = Counter(rule for d in whole.case.obligations.duties.values() for rule in d.raised.cited_rule_ids)
    assert cited == {"NM-CONSULATE-DATA": 3, "NM-CONSULATE-USC-BOTH": 2}, "with the six duties, eleven rule instances"
    acts = acts_of(whole.case, whole.standing.packs_at(FRIDAY_10))
    assert Counter(act.is_notice for act in acts) == {True: 2, False: 3}  # the unit is told once, children screened twice
    assert sorted(act.office or "" for act in acts if act.is_notice) == ["cons-gt.denver", "cons-mx.el-paso"]
    assert sorted((person, fact.value) for person, fact in whole.case.obligations.questions) == sorted(
        [(MOTHER, "language"), (FATHER, "language"), (MOTHER, "residence"), (FATHER, "residence")]
    )


def test_h1_three_duties_toward_guatemala_are_one_act_and_the_strictest_limit_stands_first() -> None:
    acts = {act.recipient_kind: act for act in acts_of(informed.case, informed.standing.packs_at(FRIDAY_10))}
    assert [duty.raised.rule_id for duty in acts["CONS-GT"].duties] == [
        "NM-CONSULATE-OTHER-5WD", "NM-CONSULATE-OTHER-5WD", "US-CONSULATE-VCCR"
    ]
    assert acts["CONS-GT"].stage is ActStage.OWED and acts["CONS-GT"].office == "cons-gt.denver"
    assert len(acts["CONS-MX"].duties) == 1


def test_the_clock_starts_at_the_later_of_custody_and_citizenship_information() -> None:
    [duty] = [d for d in informed.case.obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-MX-24H"]
    assert duty.raised.clock_start == FRIDAY_10


def test_custody_that_comes_after_the_information_starts_the_clock() -> None:
    later = FRIDAY_10 + timedelta(days=3)
    scenario = Scenario().given(*((c, THURSDAY) for c in FAMILY), (h1_information, FRIDAY_10), (take_sibling, later))
    [duty] = [d for d in scenario.case.obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-MX-24H"]
    assert duty.raised.clock_start == later
    assert duty.raised.cause_event_id == scenario.case.custody.episodes[take_sibling.episode_id].event_id


def test_24_hours_run_over_a_saturday_and_five_working_days_to_the_end_of_the_fifth() -> None:
    due = {d.raised.rule_id: d.raised.due_at for d in informed.case.obligations.duties.values() if d.raised.due_at}
    assert due["NM-CONSULATE-MX-24H"] == datetime(2026, 8, 15, 10, tzinfo=DENVER)
    assert due["NM-CONSULATE-OTHER-5WD"] == datetime(2026, 8, 21, 23, 59, 59, 999999, tzinfo=DENVER)


def test_a_rule_that_says_only_whom_is_cited_and_raises_nothing() -> None:
    cited = {d.raised.rule_id: d.raised.cited_rule_ids for d in informed.case.obligations.duties.values()}
    assert cited["NM-CONSULATE-MX-24H"] == ("NM-CONSULATE-USC-BOTH", "NM-CONSULATE-DATA")
    assert "NM-CONSULATE-USC-BOTH" not in {rule for rule, _, _ in raised(informed)}


def test_without_delay_has_no_due_moment() -> None:
    [duty] = [d for d in informed.case.obligations.duties.values() if d.raised.rule_id == "US-CONSULATE-VCCR"]
    assert (duty.raised.due_at, duty.raised.qualifier) == (None, "without delay")


def test_before_anyone_knows_there_are_questions_and_no_duty() -> None:
    assert raised(in_custody) == []
    assert asked_about(in_custody) == {CHILD, SIBLING, MOTHER, FATHER}


def test_a_proxy_answer_is_evidence_and_answers_no_question() -> None:
    answer = RecordProxyAnswer(
        answer_id=an_id("answer"), person_id=MOTHER, code=ProxyQuestion.WHERE_BORN, answer="in a village",
        interviewer_title_used="child welfare specialist",
    )
    assert in_custody.given(answer).case.obligations.questions == in_custody.case.obligations.questions


def test_a_title_that_names_immigration_is_refused() -> None:
    answer = RecordProxyAnswer(
        answer_id=an_id("answer"), person_id=MOTHER, code=ProxyQuestion.WHERE_BORN, answer="in a village",
        interviewer_title_used="Immigration Specialist",
    )
    in_custody.when(answer).then_refused(rule="US-PRIV-TITLE", field="interviewer_title_used")


def test_knowing_one_parent_raises_what_follows_from_it_and_leaves_the_other_a_question() -> None:
    scenario = in_custody.given((obtain(from_country(MOTHER, "GT")), FRIDAY_10))
    assert ("NM-CONSULATE-OTHER-5WD", "C2", "CONS-GT") in raised(scenario)
    assert asked_about(scenario) == {CHILD, SIBLING, FATHER}


def test_a_us_citizen_child_of_parents_born_here_raises_nothing() -> None:
    at_home = obtain(*(from_country(person, "US") for person in (CHILD, SIBLING, MOTHER, FATHER)))
    scenario = in_custody.given((at_home, FRIDAY_10))
    assert raised(scenario) == [] and not scenario.case.obligations.questions


def test_a_parent_born_abroad_who_is_a_us_national_is_still_born_abroad_for_new_mexico() -> None:
    told = obtain(
        from_country(CHILD, "US"), from_country(SIBLING, "US"), from_country(MOTHER, "GT", "US"), from_country(FATHER, "US")
    )
    assert raised(in_custody.given((told, FRIDAY_10))) == [
        ("NM-CONSULATE-OTHER-5WD", "C1", "CONS-GT"), ("NM-CONSULATE-OTHER-5WD", "C2", "CONS-GT")
    ]


def test_a_nationality_without_a_birth_country_is_half_an_answer() -> None:
    told = obtain(PersonOrigin(person_id=MOTHER, nationalities=("GT",)))
    scenario = in_custody.given((told, FRIDAY_10))
    assert scenario.case.obligations.asks(MOTHER), "her birth country is still missing"
    assert ("NM-CONSULATE-INFORM", "C1", "UNIT-IMM") in raised(scenario)


def test_a_child_of_two_foreign_nationalities_is_owed_to_each_consulate() -> None:
    told = obtain(PersonOrigin(person_id=CHILD, nationalities=("HN", "MX"), birth_country="HN"))
    kinds = Counter(kind for rule, child, kind in raised(in_custody.given((told, FRIDAY_10))) if child == "C1")
    assert kinds == {"CONS-HN": 2, "CONS-MX": 3, "UNIT-IMM": 1}  # Mexico: the treaty, article VI, and 24 hours


def test_informing_the_unit_meets_its_duties() -> None:
    informs = informed.when(InformImmigrationUnit(child_ids=(CHILD, SIBLING), unit="Immigration Affairs Unit"))
    informs.then(ImmigrationUnitInformed, ImmigrationUnitInformed, DutyMet, DutyMet)


def test_a_unit_informed_before_the_rule_could_be_judged_has_met_it() -> None:
    inform = InformImmigrationUnit(child_ids=(CHILD, SIBLING), unit="Unit")
    early = in_custody.given((inform, FRIDAY_10 - timedelta(hours=2)))
    met = early.when(h1_information, at=FRIDAY_10).the(DutyMet)
    assert [m.met_at for m in met] == [FRIDAY_10 - timedelta(hours=2)] * 2


def missed_command(scenario: Scenario, rule_id: str = "NM-CONSULATE-MX-24H") -> RecordMissedDeadline:
    [duty] = [d for d in scenario.case.obligations.duties.values() if d.raised.rule_id == rule_id][:1]
    return RecordMissedDeadline(duty_id=duty.duty_id)


def test_a_miss_occurred_at_the_due_moment_whenever_it_is_found() -> None:
    found = datetime(2026, 8, 20, 8, tzinfo=DENVER)
    outcome = informed.when(missed_command(informed), at=found, occurred_at=found).then(DeadlineMissed)
    [envelope] = outcome.envelopes()
    assert envelope.circumstances.occurred_at == datetime(2026, 8, 15, 10, tzinfo=DENVER)
    assert envelope.circumstances.learned_at == found


def test_a_due_moment_is_itself_in_time() -> None:
    at = datetime(2026, 8, 15, 10, tzinfo=DENVER)
    informed.when(missed_command(informed), at=at).then_refused(rule="NM-CONSULATE-MX-24H", field="duty_id")


def test_what_is_due_in_words_is_never_missed() -> None:
    late = datetime(2027, 1, 1, tzinfo=UTC)
    informed.when(missed_command(informed, "US-CONSULATE-VCCR"), at=late).then_refused(
        rule="US-CONSULATE-VCCR", field="duty_id"
    )


def _correction(scenario: Scenario, person: UUID, name: str) -> CorrectCitizenship:
    told = next(
        e.circumstances.event_id for e in scenario.envelopes
        if isinstance(e.event, CitizenshipInformationObtained) and e.event.person_id == person
    )
    return CorrectCitizenship(
        correction_id=an_id(name), person_id=person, replaces_event_id=told,
        nationalities=("HN",), birth_country="HN", evidence="birth certificate",
    )


def test_a_correction_withdraws_what_is_open_and_starts_a_new_clock_over_a_holiday() -> None:
    learned = datetime(2026, 9, 1, 15, 30, tzinfo=DENVER)
    outcome = informed.when(_correction(informed, CHILD, "c"), at=learned)
    outcome.then(CitizenshipCorrected, DutyWithdrawn, DutyRaised, DutyRaised, OfficeRouted, EngagementOpened)
    new = {d.rule_id: d for d in outcome.the(DutyRaised)}
    assert new["NM-CONSULATE-OTHER-5WD"].due_at == datetime(2026, 9, 9, 23, 59, 59, 999999, tzinfo=DENVER)
    second = outcome.scenario().when(_correction(informed, MOTHER, "m"), at=learned)
    second.then(
        CitizenshipCorrected, DutyWithdrawn, DutyWithdrawn, DutyRaised, EngagementEnded, EngagementWidened
    )


def test_a_correction_must_name_what_told_the_fact() -> None:
    wrong = CorrectCitizenship(
        correction_id=an_id("c"), person_id=CHILD, replaces_event_id=an_id("no such event"), nationalities=("HN",),
        evidence="paper",
    )
    informed.when(wrong, at=FRIDAY_10 + timedelta(days=1)).then_refused(rule="P19", field="replaces_event_id")


def test_a_correction_takes_a_duty_away_though_another_parent_cannot_be_told() -> None:
    """The father's origin is open; the child was never Guatemalan all the same."""
    half = in_custody.given((obtain(from_country(SIBLING, "GT"), from_country(MOTHER, "US")), FRIDAY_10))
    assert ("NM-CONSULATE-OTHER-5WD", "C2", "CONS-GT") in raised(half)
    outcome = half.when(_correction(half, SIBLING, "c"), at=FRIDAY_10 + timedelta(days=1))
    assert len(outcome.the(DutyWithdrawn)) == 2 and len(outcome.the(EngagementEnded)) == 1
    after = outcome.scenario()
    assert not after.case.obligations.open_duties("CONS-GT")
    later = after.given((InformImmigrationUnit(child_ids=(SIBLING,), unit="Unit"), FRIDAY_10 + timedelta(days=2)))
    assert later.case.engagements.open_for("cons-gt.denver", Purpose.CONSULAR_NOTICE) is None


def test_what_was_true_and_is_no_longer_withdraws_nothing() -> None:
    naturalised = informed.when(obtain(from_country(CHILD, "US"), id="later"), at=FRIDAY_10 + timedelta(days=1))
    naturalised.then(CitizenshipInformationObtained)
    assert naturalised.scenario().case.obligations.open_duties("CONS-GT")


def test_a_child_who_was_never_concerned_is_taken_out_of_the_engagement_that_stays_for_another() -> None:
    told = obtain(from_country(CHILD, "GT"), from_country(SIBLING, "GT"), from_country(MOTHER, "US"))
    both = in_custody.given((told, FRIDAY_10))
    outcome = both.when(_correction(both, CHILD, "c"), at=FRIDAY_10 + timedelta(days=1))
    now = outcome.scenario().case.engagements.open_for("cons-gt.denver", Purpose.CONSULAR_NOTICE)
    assert now is not None and SIBLING in now.references and CHILD not in now.references


def test_a_notice_prepared_before_a_correction_is_not_released_after_it() -> None:
    told = obtain(from_country(CHILD, "GT"), from_country(SIBLING, "GT"), from_country(MOTHER, "US"))
    both = in_custody.given((told, FRIDAY_10))
    prepare = PrepareConsularNotification(notice_id=an_id("notice"), office="cons-gt.denver", form=NoticeForm.NM_PLAIN)
    prepared = both.given(prepare, (_correction(both, CHILD, "c"), FRIDAY_10 + timedelta(days=1)))
    release = ReleaseDisclosure(notice_id=an_id("notice"))
    prepared.when(release, at=FRIDAY_10 + timedelta(days=2)).then_refused(rule="DECISION-12", field="notice_id")


def test_an_office_that_another_took_the_place_of_learns_nothing_more() -> None:
    listed = new_mexico().offices
    second = replace(listed["cons-mx.el-paso"], office="cons-mx.albuquerque")
    two = replace(informed, standing=replace(new_mexico(), offices={**listed, second.office: second}))
    route = RouteToOffice(recipient_kind="CONS-MX", office=second.office)
    outcome = two.when(route, at=FRIDAY_10 + timedelta(hours=1)).then(EngagementEnded, OfficeRouted, EngagementOpened)
    engagements = outcome.scenario().case.engagements
    assert engagements.open_for("cons-mx.el-paso", Purpose.CONSULAR_NOTICE) is None
    assert engagements.open_for(second.office, Purpose.CONSULAR_NOTICE) is not None


def test_the_unit_is_told_anew_of_a_second_custody() -> None:
    inform = InformImmigrationUnit(child_ids=(CHILD,), unit="Immigration Affairs Unit")
    ended = informed.given(inform, EndCustody(child_id=CHILD, episode_id=take_child.episode_id))
    again = ended.when(TakeIntoCustody(child_id=CHILD, episode_id=an_id("second")))
    assert not again.the(DutyMet)
    assert len(again.scenario().when(inform).the(DutyMet)) == 1


def test_a_second_source_that_says_the_same_starts_no_later_clock() -> None:
    told = obtain(from_country(FATHER, "MX"), from_country(SIBLING, "US"))
    confirmed = obtain(from_country(FATHER, "MX"), id="confirmed")
    days = [FRIDAY_10 + timedelta(days=day) for day in (0, 4)]
    scenario = Scenario().given(*((c, THURSDAY) for c in FAMILY), (told, days[0]), (confirmed, days[1]))
    taken = scenario.when(take_sibling, at=days[1], occurred_at=days[0] + timedelta(hours=2)).scenario()
    [duty] = [d for d in taken.case.obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-MX-24H"]
    assert duty.raised.clock_start == days[0] + timedelta(hours=2)


def test_a_parent_born_in_puerto_rico_was_not_born_abroad() -> None:
    told = obtain(from_country(SIBLING, "US"), from_country(MOTHER, "PR", "US"), from_country(FATHER, "US"))
    assert not [kind for _, child, kind in raised(in_custody.given((told, FRIDAY_10))) if child == "C2"]


def _notified(scenario: Scenario, receipt: str | None, at: datetime, way: Way) -> Outcome:
    record = RecordConsulateNotified(notice_id=an_id("notice"), channel=way, receipt=receipt)
    return scenario.when(record, at=at)


def test_a_receipt_proves_what_only_a_persons_word_stood_behind() -> None:
    prepare = PrepareConsularNotification(notice_id=an_id("notice"), office="cons-mx.el-paso", form=NoticeForm.NM_MEXICO)
    prepared = informed.given((prepare, FRIDAY_10 + timedelta(hours=1)))
    said = _notified(prepared, None, FRIDAY_10 + timedelta(hours=2), Way.TELEPHONE)
    [met] = said.then(ConsulateNotified, DutyMet).the(DutyMet)
    assert met.is_said
    [proven] = _notified(said.scenario(), "R-1", FRIDAY_10 + timedelta(hours=3), Way.WEBHOOK).the(DutyMet)
    assert not proven.is_said and proven.late_by_seconds is None
    late = _notified(said.scenario(), "R-1", FRIDAY_10 + timedelta(days=9), Way.WEBHOOK)
    late.then(ConsulateNotified)


def test_no_notice_went_out_before_anything_was_owed() -> None:
    prepare = PrepareConsularNotification(notice_id=an_id("notice"), office="cons-mx.el-paso", form=NoticeForm.NM_MEXICO)
    prepared = informed.given((prepare, FRIDAY_10 + timedelta(hours=1)))
    record = RecordConsulateNotified(notice_id=an_id("notice"), channel=Way.PAPER, receipt="R")
    early = prepared.when(record, at=FRIDAY_10 + timedelta(hours=2), occurred_at=THURSDAY)
    early.then_refused(rule="P02", field="occurred_at")


def test_a_correction_that_leaves_the_nationality_open_withdraws_nothing_and_asks_again() -> None:
    half = replace(_correction(informed, CHILD, "half"), nationalities=None)
    outcome = informed.when(half, at=FRIDAY_10 + timedelta(days=1)).then(CitizenshipCorrected, QuestionRaised)
    assert ("US-CONSULATE-VCCR", "C1", "CONS-GT") in raised(outcome.scenario())


def test_the_correction_of_an_old_telling_does_not_beat_a_newer_one() -> None:
    newer = obtain(from_country(CHILD, "SV"), id="second")
    scenario = informed.given((newer, FRIDAY_10 + timedelta(days=1)))
    corrected = scenario.given((_correction(informed, CHILD, "c"), FRIDAY_10 + timedelta(days=2)))
    assert corrected.case.citizenship.of(CHILD).nationalities.value == Known(("SV",))


def test_a_fact_that_arrives_late_does_not_move_the_world_back() -> None:
    late = obtain(from_country(CHILD, "SV"), id="late")
    at = FRIDAY_10 + timedelta(days=1)
    scenario = informed.when(late, at=at, occurred_at=THURSDAY).scenario()
    assert scenario.case.citizenship.of(CHILD).nationalities.value == Known(("GT",))


def test_nothing_is_decided_before_a_pack_is_adopted() -> None:
    Scenario(standing=Agency(code="XX")).when(FAMILY[0]).then_refused(rule="DECISION-7", field="agency")


def test_a_case_is_decided_by_the_agency_that_opened_it_and_by_no_other() -> None:
    other = replace(new_mexico(), code="NM-CYDF")
    replace(in_custody, standing=other).when(h1_information, at=FRIDAY_10).then_refused(rule="DECISION-2", field="agency")


def test_a_custody_that_no_calendar_covers_is_recorded_and_its_duty_says_what_is_lacking() -> None:
    long_ago = datetime(2024, 5, 3, 9, tzinfo=DENVER)
    packs = replace(new_mexico(), packs=tuple(a._replace(effective_at=long_ago) for a in new_mexico().packs))
    scenario = Scenario(standing=packs).given(
        *((c, long_ago) for c in FAMILY), (take_child, long_ago), (h1_information, long_ago)
    )
    [duty] = [d for d in scenario.case.obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-OTHER-5WD"]
    assert (duty.raised.due_at, duty.raised.qualifier) == (None, "5 working days; no adopted calendar covers them")


def test_a_mother_who_was_there_before_a_child_counts_for_it_once_they_are_linked() -> None:
    third = an_id("third child")
    later = informed.given(AddChild(child_id=third), TakeIntoCustody(child_id=third, episode_id=an_id("third")))
    assert not [d for d in later.case.obligations.duties.values() if d.raised.child_id == third]
    linked = later.when(LinkPartyToChild(party_id=MOTHER, child_id=third))
    assert {d.rule_id for d in linked.the(DutyRaised)} == {"NM-CONSULATE-INFORM", "NM-CONSULATE-OTHER-5WD"}


def test_answers_close_their_questions() -> None:
    assert len(in_custody.when(h1_information, at=FRIDAY_10).the(QuestionClosed)) == 4
