"""Hearings, how those who cannot come take part, and orders that change earlier orders."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.case.court import (
    ArrangeRemoteParticipation,
    Channel,
    CourtOrderEntered,
    CourtWarning,
    EnterCourtOrder,
    HearingScheduled,
    HearingStage,
    OrderEffect,
    OrderKind,
    OrderStage,
    ParentParticipatedInHearing,
    RecordParticipation,
    RemoteParticipationArranged,
    ScheduleHearing,
)
from domain.case.service import ProveService, RequestServiceOfProcess, Route
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import family, family_in
from tests.unit.people import AUNT, CHILD, FATHER, SIBLING

DENVER = ZoneInfo("America/Denver")
HEARING, ORDER, LATER, LAST = an_id("hearing"), an_id("order"), an_id("later order"), an_id("last order")
ON = (NOON + timedelta(days=3)).astimezone(DENVER)
CHANNELS = {
    "OR": {Channel.PHONE}, "SDC": {Channel.PHONE}, "NJ": {Channel.PHONE},
    "NM": {Channel.PHONE, Channel.ZOOM, Channel.WHATSAPP}, "NYC": {Channel.ZOOM},
}

hearing = ScheduleHearing(hearing_id=HEARING, child_ids=(CHILD, SIBLING), scheduled_for=ON, kind="adjudication")
scheduled = family.given(hearing)


def arrange(channel: Channel = Channel.WHATSAPP) -> ArrangeRemoteParticipation:
    return ArrangeRemoteParticipation(
        arrangement_id=an_id("arranged"), hearing_id=HEARING, party_id=FATHER, channel=channel, place="at home"
    )


def present(channel: Channel | None = Channel.WHATSAPP) -> RecordParticipation:
    return RecordParticipation(hearing_id=HEARING, party_id=FATHER, channel=channel)


def order(
    id: UUID = ORDER, *, changes: UUID | None = None, effect: OrderEffect | None = None, supervised: bool | None = None,
    parties: tuple[UUID, ...] = (),
) -> EnterCourtOrder:
    return EnterCourtOrder(
        order_id=id, child_ids=(CHILD,), kind=OrderKind.OTHER, order_ref="D-202-1", earlier_order_id=changes, effect=effect,
        supervised_visits_only=supervised, party_ids=parties,
    )


def stage(scenario: Scenario, days: int = 0) -> HearingStage:
    return scenario.case.court.stage(HEARING, FATHER, NOON + timedelta(days=days))


def test_a_hearing_is_scheduled_in_the_zone_of_its_court() -> None:
    [told] = family.when(hearing).then(HearingScheduled).the(HearingScheduled)
    assert (told.scheduled_for, told.scheduled_zone) == (ON, "America/Denver")


def test_a_hearing_without_a_zone_is_refused() -> None:
    naive = replace(hearing, scheduled_for=ON.replace(tzinfo=None))
    family.when(naive).then_refused(rule="P10", field="scheduled_for")


def test_a_hearing_that_is_moved_is_a_new_one_in_the_place_of_the_old() -> None:
    moved = replace(hearing, hearing_id=an_id("moved"), scheduled_for=ON + timedelta(days=7), replaces_hearing_id=HEARING)
    assert stage(scheduled.when(moved).then(HearingScheduled).scenario(), days=30) is HearingStage.REPLACED


@pytest.mark.parametrize("replaced", [HEARING, an_id("no such hearing")])
def test_only_another_hearing_that_is_known_can_be_replaced(replaced: UUID) -> None:
    known = family.given(replace(hearing, hearing_id=an_id("other")))
    known.when(replace(hearing, replaces_hearing_id=replaced)).then_refused(rule="P10", field="replaces_hearing_id")


def test_a_parent_abroad_takes_part_as_it_was_arranged() -> None:
    arranged = scheduled.when(arrange()).then(RemoteParticipationArranged).scenario()
    assert (stage(scheduled), stage(arranged)) == (HearingStage.SCHEDULED, HearingStage.ARRANGED)
    attended = arranged.when(present(), at=ON).then(ParentParticipatedInHearing)
    assert attended.the(ParentParticipatedInHearing)[0].warnings == ()
    assert stage(attended.scenario(), days=30) is HearingStage.ATTENDED


def test_a_hearing_that_is_over_without_the_parent_is_missed() -> None:
    assert stage(scheduled.given(arrange()), days=30) is HearingStage.MISSED


@pytest.mark.parametrize("place", CHANNELS)
def test_a_channel_that_is_not_reported_of_the_jurisdiction_is_recorded_with_a_warning(place: str) -> None:
    scenario = family_in(place).given(hearing)
    for channel in (Channel.PHONE, Channel.ZOOM, Channel.WHATSAPP, Channel.OTHER):
        [told] = scenario.when(arrange(channel)).the(RemoteParticipationArranged)
        assert told.warnings == (() if channel in CHANNELS[place] else (CourtWarning.CHANNEL_NOT_REPORTED,))


@pytest.mark.parametrize("place", ["LAC", "SCC"])
def test_where_no_channel_is_described_each_is_recorded_with_a_warning(place: str) -> None:
    [told] = family_in(place).given(hearing).when(arrange(Channel.PHONE)).the(RemoteParticipationArranged)
    assert told.warnings == (CourtWarning.CHANNELS_NOT_DESCRIBED,)


def test_who_comes_in_person_needs_no_arrangement() -> None:
    scheduled.when(arrange(Channel.IN_PERSON)).then_refused(rule="P10", field="channel")
    [told] = scheduled.when(present(Channel.IN_PERSON), at=ON).the(ParentParticipatedInHearing)
    assert told.warnings == ()


def test_a_parent_marked_present_without_a_channel_is_refused() -> None:
    scheduled.when(present(None), at=ON).then_refused(rule="P10", field="channel")


def test_a_parent_present_by_a_channel_that_nobody_arranged_is_recorded_with_a_warning() -> None:
    [told] = scheduled.when(present(), at=ON).then(ParentParticipatedInHearing).the(ParentParticipatedInHearing)
    assert told.warnings == (CourtWarning.NOT_ARRANGED,)


def test_a_relative_is_not_recorded_as_a_parent() -> None:
    aunt = replace(present(), party_id=AUNT)
    scheduled.when(aunt, at=ON).then_refused(rule="US-COURT-ABROAD", field="party_id")


def test_nobody_takes_part_in_a_hearing_that_nobody_scheduled() -> None:
    family.when(arrange()).then_refused(rule="P10", field="hearing_id")
    family.when(present(), at=ON).then_refused(rule="P10", field="hearing_id")


def test_a_hearing_before_the_papers_are_served_is_recorded_with_a_warning() -> None:
    papers = RequestServiceOfProcess(
        request_id=an_id("service"), party_id=FATHER, document="summons", country="MX", route=Route.NM_UNIT,
        translation_ref=an_id("translation"),
    )
    scenario = scheduled.given(papers, arrange())
    [arranged] = scheduled.given(papers).when(arrange()).the(RemoteParticipationArranged)
    [early] = scenario.when(present(), at=ON).the(ParentParticipatedInHearing)
    assert arranged.warnings == early.warnings == (CourtWarning.NOT_SERVED,)
    served = scenario.given((ProveService(request_id=an_id("service"), served_party_id=FATHER), ON - timedelta(hours=1)))
    [in_time] = served.when(present(), at=ON).the(ParentParticipatedInHearing)
    assert in_time.warnings == ()
    served.when(arrange()).then_nothing()


def test_the_court_enters_an_order() -> None:
    remote = replace(order(), kind=OrderKind.REMOTE_PARTICIPATION, hearing_id=HEARING, party_ids=(FATHER,))
    scheduled.when(remote).then(CourtOrderEntered)


@pytest.mark.parametrize(("effect", "left"), [
    (OrderEffect.AMENDS, OrderStage.AMENDED), (OrderEffect.STAYS, OrderStage.STAYED),
    (OrderEffect.VACATES, OrderStage.VACATED),
])
def test_a_later_order_amends_stays_or_vacates_an_earlier_one(effect: OrderEffect, left: OrderStage) -> None:
    changed = family.given(order()).when(order(LATER, changes=ORDER, effect=effect)).then(CourtOrderEntered)
    assert changed.scenario().case.court.standing(ORDER) is left


def test_what_a_vacated_order_did_is_undone() -> None:
    stayed = family.given(order(), order(LATER, changes=ORDER, effect=OrderEffect.STAYS))
    restored = stayed.given(order(LAST, changes=LATER, effect=OrderEffect.VACATES))
    assert restored.case.court.standing(ORDER) is OrderStage.IN_FORCE


def test_a_change_names_its_order_and_says_how() -> None:
    with_order = family.given(order())
    with_order.when(order(LATER, changes=ORDER)).then_refused(rule="P10", field="effect")
    with_order.when(order(LATER, effect=OrderEffect.STAYS)).then_refused(rule="P10", field="effect")


def test_an_order_that_is_not_recorded_cannot_be_changed() -> None:
    family.when(order(LATER, changes=ORDER, effect=OrderEffect.STAYS)).then_refused(rule="P10", field="earlier_order_id")


def test_an_order_does_not_change_one_that_came_after_it() -> None:
    with_order = family.given(order())
    early = with_order.when(order(LATER, changes=ORDER, effect=OrderEffect.STAYS), occurred_at=NOON)
    early.then_refused(rule="P10", field="occurred_at")


def test_a_vacated_order_is_changed_no_more() -> None:
    vacated = family.given(order(), order(LATER, changes=ORDER, effect=OrderEffect.VACATES))
    vacated.when(order(LAST, changes=ORDER, effect=OrderEffect.STAYS)).then_refused(rule="P10", field="earlier_order_id")


def test_supervision_is_needed_with_those_whom_the_order_names_while_it_stands() -> None:
    ordered = family.given(order(supervised=True, parties=(FATHER,)))
    court = ordered.case.court
    assert court.needs_supervision([CHILD, SIBLING], FATHER)
    assert not court.needs_supervision([SIBLING], FATHER) and not court.needs_supervision([CHILD], AUNT)
    lifted = ordered.given(order(LATER, changes=ORDER, effect=OrderEffect.VACATES))
    assert not lifted.case.court.needs_supervision([CHILD], FATHER)
