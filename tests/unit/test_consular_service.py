"""A consulate that cannot be told, what it acknowledges, what it is asked for and answers; and what partners are refused."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.commands import parse_line
from domain.agency import agreements
from domain.agency.agreements import ConsularService, Jurisdiction, MouStatus, RecordMouStatus
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.case.consular import ConsularNotificationPrepared, NoticeForm, PrepareConsularNotification
from domain.case.consular_service import (
    AnswerConsularService,
    AnswerWarning,
    ConsularNotificationUndeliverable,
    ConsularServiceAnswered,
    ConsularServiceRequested,
    PartnerAcknowledged,
    RecordAcknowledgement,
    RecordNoticeUndeliverable,
    RequestConsularService,
    ServiceOutcome,
    ServiceStage,
    UndeliverableBecause,
)
from domain.case.obligations import DutyRaised, DutyStage, DutyWithdrawn, WithdrawnBecause
from domain.case.privacy import DisclosureRefused, RefuseDisclosure
from domain.disclosure.items import AskedItem
from domain.personal import Known
from domain.refusals import Refused
from domain.submission import envelopes
from tests.specification import NOON, Scenario, an_id, submission
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER, from_country, obtain, take_child

in_custody = Scenario().given(*FAMILY, take_child)
no_consulate = in_custody.given(obtain(from_country(CHILD, "LI"), from_country(MOTHER, "LI")))
none_here = RecordNoticeUndeliverable(
    attempt_id=an_id("attempt"), country="LI", reason=UndeliverableBecause.NONE_IN_US
)
to_mexico = in_custody.given(
    obtain(from_country(CHILD, "MX")),
    PrepareConsularNotification(notice_id=an_id("notice"), office="cons-mx.el-paso", form=NoticeForm.NM_MEXICO),
)
ask = RequestConsularService(
    request_id=an_id("service"), office="cons-mx.el-paso", child_ids=(CHILD,), service=ConsularService.BIRTH_CERTIFICATE
)
answer = AnswerConsularService(answer_id=an_id("answer"), request_id=ask.request_id, outcome=ServiceOutcome.DONE)
acknowledge = RecordAcknowledgement(
    acknowledgement_id=an_id("ack"), request_id=ask.request_id, partner="cons-mx.el-paso", partner_ref="ELP-44"
)


def with_agreement(scenario: Scenario, *services: ConsularService) -> Scenario:
    wish = RecordMouStatus(
        change_id=an_id("mou"), jurisdiction=Jurisdiction.NM, country="MX", status=MouStatus.SIGNED, services=services
    )
    standing: Agency = scenario.standing
    made = submission(wish, at=NOON, standing=standing, number=900, case_id=None)
    for envelope in envelopes(
        made, agreements.record_status(made, standing), stream="agency-NM-CYFD", after=standing.version
    ):
        standing = evolve_agency(standing, envelope)
    return replace(scenario, standing=standing)


def test_a_country_without_a_consulate_here_ends_its_duties_and_nothing_tries_again() -> None:
    duties = no_consulate.case.obligations.open_duties("CONS-LI")
    assert duties
    outcome = no_consulate.when(none_here).then(ConsularNotificationUndeliverable, *[DutyWithdrawn] * len(duties))
    after = outcome.scenario()
    assert {d.reason for d in outcome.the(DutyWithdrawn)} == {WithdrawnBecause.NO_RECIPIENT}
    assert after.case.obligations.duties[duties[0].duty_id].stage is DutyStage.WITHDRAWN
    more = after.when(obtain(from_country(FATHER, "US"), id="father"))
    assert not [d for d in more.the(DutyRaised) if d.recipient_kind == Known("CONS-LI")]


def test_the_same_attempt_with_another_reason_is_a_contradiction() -> None:
    other = replace(none_here, reason=UndeliverableBecause.BOUNCED)
    no_consulate.given(none_here).when(other).then_refused(rule="IDEMPOTENCE", field="reason")


def test_a_country_to_which_nothing_is_owed_has_no_undeliverable_notice() -> None:
    no_consulate.when(replace(none_here, country="SV")).then_refused(rule="P02", field="country")


def test_a_country_with_an_office_in_the_directory_has_a_consulate_here() -> None:
    to_mexico.when(replace(none_here, country="MX")).then_refused(rule="DIRECTORY", field="reason")


def test_a_notice_that_came_back_leaves_its_duties_open() -> None:
    back = RecordNoticeUndeliverable(
        attempt_id=an_id("back"), country="MX", reason=UndeliverableBecause.BOUNCED, notice_id=an_id("notice")
    )
    outcome = to_mexico.when(back).then(ConsularNotificationUndeliverable)
    assert outcome.scenario().case.obligations.open_duties("CONS-MX")
    [prepared] = [e.event for e in to_mexico.envelopes if isinstance(e.event, ConsularNotificationPrepared)]
    assert outcome.the(ConsularNotificationUndeliverable)[0].duty_ids == prepared.duty_ids
    to_mexico.when(replace(back, notice_id=None)).then_refused(rule="P02", field="notice_id")
    to_mexico.when(replace(back, country="GT")).then_refused(rule="P02", field="country")


def test_a_service_is_asked_for_acknowledged_and_answered() -> None:
    asked = in_custody.when(ask).then(ConsularServiceRequested).scenario()
    assert asked.case.consular_services.stage(ask.request_id) is ServiceStage.REQUESTED
    known = asked.when(acknowledge).then(PartnerAcknowledged).scenario()
    assert known.case.consular_services.stage(ask.request_id) is ServiceStage.ACKNOWLEDGED
    done = known.when(answer).then(ConsularServiceAnswered).scenario()
    assert done.case.consular_services.stage(ask.request_id) is ServiceStage.DONE


def test_an_answer_that_contradicts_an_earlier_one_is_visible_and_resolves_nothing() -> None:
    other = replace(answer, answer_id=an_id("other answer"), outcome=ServiceOutcome.UNABLE)
    outcome = in_custody.given(ask, answer).when(other).then(ConsularServiceAnswered)
    assert outcome.the(ConsularServiceAnswered)[0].warnings == (AnswerWarning.CONTRADICTS,)
    assert outcome.scenario().case.consular_services.stage(ask.request_id) is ServiceStage.CONTRADICTED


def test_an_answer_needs_its_request_and_is_not_older() -> None:
    in_custody.when(answer).then_refused(rule="P18", field="request_id")
    asked = in_custody.given(ask)
    asked.when(answer, at=NOON + timedelta(days=1), occurred_at=NOON).then_refused(rule="P18", field="occurred_at")


def test_an_agreement_that_the_agency_does_not_have_is_no_ground() -> None:
    in_custody.when(replace(ask, relies_on_agreement=True)).then_refused(rule="P18", field="relies_on_agreement")


def test_a_service_outside_the_agreement_is_refused_and_one_inside_it_taken() -> None:
    agreed = with_agreement(in_custody, ConsularService.HOME_ASSESSMENT, ConsularService.BIRTH_CERTIFICATE)
    agreed.when(replace(ask, relies_on_agreement=True)).then(ConsularServiceRequested)
    outside = replace(ask, relies_on_agreement=True, service=ConsularService.TRAINING)
    agreed.when(outside).then_refused(rule="P18", field="service")


def test_a_service_is_asked_of_a_consulate_in_the_directory() -> None:
    in_custody.when(replace(ask, office="cons-xx.nowhere")).then_refused(rule="DECISION-11", field="office")
    in_custody.when(replace(ask, child_ids=())).then_refused(rule="P01", field="child_ids")


def test_a_notice_may_be_acknowledged_too_and_meets_nothing_by_it() -> None:
    outcome = to_mexico.when(replace(acknowledge, request_id=an_id("notice"))).then(PartnerAcknowledged)
    assert outcome.scenario().case.obligations.open_duties("CONS-MX")


def test_nothing_is_acknowledged_that_was_not_sent_and_by_no_unknown_partner() -> None:
    in_custody.when(acknowledge).then_refused(rule="P02", field="request_id")
    in_custody.given(ask).when(replace(acknowledge, partner="the consulate")).then_refused(rule="P17", field="partner")


refusal = RefuseDisclosure(
    refusal_id=an_id("refusal"), person_ids=(CHILD,), partner="POLARIS", fields=(AskedItem.CHILD_STATUS,), rule_id="B6"
)


def test_what_a_partner_was_refused_is_recorded_by_name_and_without_a_value() -> None:
    [refused] = in_custody.when(refusal).then(DisclosureRefused).the(DisclosureRefused)
    assert (refused.partner, refused.fields) == (Known("POLARIS"), Known((AskedItem.CHILD_STATUS,)))


@pytest.mark.parametrize("partner", ["CONS-MX, DIF", "Polaris", "CONS-México", "DHS"])
def test_a_refusal_names_one_known_partner_by_its_code(partner: str) -> None:
    in_custody.when(replace(refusal, partner=partner)).then_refused(rule="P17", field="partner")


def test_a_refusal_says_about_whom_what_was_asked() -> None:
    in_custody.when(replace(refusal, fields=())).then_refused(rule="P17", field="fields")
    in_custody.when(replace(refusal, person_ids=())).then_refused(rule="P17", field="person_ids")


def test_a_refusal_cannot_carry_the_secret_itself() -> None:
    raw = {
        "command": "RefuseDisclosure", "command_id": str(an_id("c")), "agency": "NM", "case": str(an_id("case")),
        "actor": {"agency": "NM", "role": "worker", "user": "w"}, "occurred_at": "2026-08-13T16:10:00-06:00",
        "data": {
            "refusal_id": str(an_id("r")), "person_ids": [str(CHILD)], "partner": "DIF", "fields": ["A012345678"],
            "rule_id": "B1",
        },
    }
    with pytest.raises(Refused) as refused:
        parse_line(raw)
    assert refused.value.field == "data.fields[0]" and "A012345678" not in str(refused.value)
