"""Nothing is routed to, prepared for or released to an office that has ended, and what waited for it is not lost."""
from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from adapters.reading.acts import explain_acts
from domain.agency.decide import EndOffice, ListOffice, PutOfficeLive, SuspendOffice
from domain.case.consular import NoticeForm, PrepareConsularNotification, RecordConsulateNotified, ReleaseDisclosure, Way
from domain.case.engagement import RouteToOffice
from domain.submission import Command
from tests.specification import Scenario, an_id
from tests.unit.partners import having, office_of
from tests.unit.people import FAMILY, h1_information, take_child
from tests.unit.test_permission import opening, release, study
from tests.unit.whole_case import AUNT, CHILD, MOTHER, whole_case

GUATEMALA, NEXT = "cons-gt.denver", "cons-gt.phoenix"
prepare = PrepareConsularNotification(notice_id=an_id("notice"), office=GUATEMALA, form=NoticeForm.NM_PLAIN)
let_go = ReleaseDisclosure(notice_id=an_id("notice"))
again = replace(prepare, notice_id=an_id("again"), office=NEXT)
owed = Scenario().given(*FAMILY, take_child, h1_information)
another: tuple[Command, ...] = (
    ListOffice(
        office=NEXT, recipient_kind="CONS-GT", name="Consulate of Guatemala in Phoenix", country="GT",
        zone="America/Phoenix", serves=("NM",), channel="webhook", address="https://consulate.example/casebridge",
    ),
    PutOfficeLive(office=NEXT, second_person="counsel-1"),
)


def after(scenario: Scenario, *commands: Command) -> Scenario:
    """The same case, once the agency has done this."""
    return replace(scenario, standing=having(scenario.standing, *commands))


def states(scenario: Scenario, office: str) -> list[str]:
    return [a.state for a in explain_acts(scenario.case, scenario.standing, scenario.at) if a.act.office == office]


def test_nothing_new_goes_to_an_office_that_has_ended() -> None:
    gone = after(owed, EndOffice(office=GUATEMALA))
    gone.when(prepare).then_refused(rule="DECISION-11", field="office")
    after(owed.given(prepare), EndOffice(office=GUATEMALA)).when(let_go).then_refused(rule="DECISION-11", field="notice_id")
    routed = after(owed, *another).given(RouteToOffice(recipient_kind="CONS-GT", office=NEXT))
    back = after(routed, EndOffice(office=GUATEMALA))
    back.when(RouteToOffice(recipient_kind="CONS-GT", office=GUATEMALA)).then_refused(rule="DECISION-11", field="office")


def test_nor_does_any_other_disclosure() -> None:
    opened = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)))
    ended = EndOffice(office=office_of("ISS"))
    after(opened, ended).when(study).then_refused(rule="DECISION-11", field="office")
    after(opened.given(study), ended).when(release).then_refused(rule="DECISION-11", field="notice_id")


def test_what_waited_for_it_is_shown_until_another_office_is_told() -> None:
    gone = after(owed.given(prepare, let_go), *another, EndOffice(office=GUATEMALA))
    assert all("THIS OFFICE HAS ENDED: route the case to another" in state for state in states(gone, GUATEMALA))
    assert states(gone, GUATEMALA)
    moved = gone.given(RouteToOffice(recipient_kind="CONS-GT", office=NEXT), again)
    assert states(moved, GUATEMALA) == [] and all("ENDED" not in state for state in states(moved, NEXT))
    told = moved.given(ReleaseDisclosure(notice_id=an_id("again")), RecordConsulateNotified(
        notice_id=an_id("again"), channel=Way.WEBHOOK, entry=1, receipt="r-1",
    ))
    assert not told.case.obligations.open_duties("CONS-GT") and states(told, NEXT)


def test_a_suspended_office_shows_on_what_is_owed_to_it() -> None:
    stopped = after(owed.given(prepare), SuspendOffice(office=GUATEMALA, reason="a drill"))
    assert all("THIS OFFICE IS SUSPENDED" in state for state in states(stopped, GUATEMALA))
    stopped.given(let_go)  # It waits at the office until that is live again.


def test_what_was_released_and_did_not_leave_shows_on_what_is_owed() -> None:
    released = owed.given(prepare, let_go)
    ended = {an_id("notice"): "its basis has ended"}
    told = explain_acts(released.case, released.standing, released.at, not_left=lambda: ended)
    assert any("AND IT DID NOT LEAVE: its basis has ended" in one.state for one in told if one.act.office == GUATEMALA)
    waits = owed.given(prepare)
    explained = explain_acts(waits.case, waits.standing, waits.at, not_left=_asked)
    assert not any("DID NOT LEAVE" in one.state for one in explained)


def _asked() -> dict[UUID, str]:
    raise AssertionError("nothing was released")
