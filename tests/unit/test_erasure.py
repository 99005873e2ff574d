"""An order to expunge waits, is refused under a hold, asks who was given the record to erase, and is carried out once."""
from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

from domain.case.consular import (
    ConsularNotificationCorrected,
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    RecordCorrectionReceived,
    ReleaseDisclosure,
    TextCode,
    Way,
)
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.erasure import (
    BeginExpunge,
    CompleteExpunge,
    ConfirmErasure,
    ErasureConfirmed,
    ExpungeBegun,
    ExpungeOrdered,
    ExpungeWithdrawn,
    LiftLitigationHold,
    LitigationHoldLifted,
    LitigationHoldPlaced,
    OrderExpunge,
    PlaceLitigationHold,
    RecordExpunged,
    WithdrawExpungeOrder,
)
from domain.case.intake import AddParty
from domain.case.obligations import DutyRaised
from domain.case.sealing import WHILE_CLOSED
from domain.disclosure.contract import Purpose
from domain.disclosure.letter import letter
from domain.people import Role
from domain.personal import Known
from domain.submission import COMMANDS
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, FAMILY, h1_information, take_child, take_sibling

ORDER = OrderExpunge(expunge_id=an_id("expunge"), order_ref="JQ-2027-9", second_person="counsel-1")
BEGIN, COMPLETE = BeginExpunge(expunge_id=an_id("expunge")), CompleteExpunge(expunge_id=an_id("expunge"))
HOLD = PlaceLitigationHold(hold_id=an_id("hold"), review_on=date(2027, 6, 1), reason="suit 26-CV-11")
LIFT = LiftLitigationHold(hold_id=an_id("hold"), second_person="counsel-1")
told = Scenario().given(
    *FAMILY, take_child, take_sibling, h1_information,
    PrepareConsularNotification(notice_id=an_id("notice"), office="cons-gt.denver", form=NoticeForm.NM_PLAIN),
    ReleaseDisclosure(notice_id=an_id("notice")),
    RecordConsulateNotified(notice_id=an_id("notice"), channel=Way.WEBHOOK, entry=1, receipt="r-1"),
)
ordered = told.given(ORDER)
waited = ordered.at + timedelta(days=7, hours=1)
expunged = ordered.given((BEGIN, waited), COMPLETE)


def test_who_was_given_the_record_is_asked_to_erase_and_nobody_learns_more() -> None:
    outcome = told.when(ORDER)
    [order] = outcome.the(ExpungeOrdered)
    assert order.offices == ("cons-gt.denver",)
    [recall] = outcome.the(ConsularNotificationCorrected)
    assert recall.text_code is TextCode.ERASE
    assert [one.purpose for one in outcome.the(EngagementOpened)] == [Purpose.RECALL]
    assert outcome.the(EngagementEnded)
    still = [one for one in ordered.case.engagements.engagements.values() if one.is_open]
    assert {one.purpose for one in still} == {Purpose.RECALL}


def test_an_order_waits_at_least_a_week() -> None:
    short = OrderExpunge(expunge_id=an_id("x"), wait_days=6, order_ref="JQ-1", second_person="counsel-1")
    told.when(short).then_refused(rule="DECISION-20", field="wait_days")
    ordered.when(BEGIN).then_refused(rule="DECISION-20", field="expunge_id")
    ordered.when(COMPLETE).then_refused(rule="DECISION-20", field="expunge_id")


def test_it_is_begun_and_completed_once() -> None:
    ordered.when(BEGIN, at=waited).then(ExpungeBegun)
    ordered.given((BEGIN, waited)).when(COMPLETE).then(RecordExpunged)


def test_one_person_alone_orders_nothing() -> None:
    alone = OrderExpunge(expunge_id=an_id("x"), order_ref="JQ-1", second_person="caseworker-1")
    told.when(alone).then_refused(rule="DECISION-20", field="second_person")


def test_a_litigation_hold_refuses_an_order_and_stops_one_that_waits() -> None:
    told.when(HOLD).then(LitigationHoldPlaced)
    told.given(HOLD).when(ORDER).then_refused(rule="DECISION-20", field="person_ids")
    held = ordered.given(HOLD)
    held.when(BEGIN, at=waited).then_refused(rule="DECISION-20", field="person_ids")
    held.when(LIFT).then(LitigationHoldLifted)
    held.given(LIFT).when(BEGIN, at=waited).then(ExpungeBegun)


def test_no_hold_can_be_placed_on_what_is_being_destroyed() -> None:
    begun = ordered.given((BEGIN, waited))
    begun.when(HOLD).then_refused(rule="DECISION-20", field="person_ids")


def test_an_order_is_taken_back_while_it_waits_and_not_after() -> None:
    withdraw = WithdrawExpungeOrder(expunge_id=an_id("expunge"))
    taken_back = ordered.when(withdraw)
    assert taken_back.the(ExpungeWithdrawn) and len(taken_back.the(EngagementOpened)) == 2
    again = {one.recipient_kind for one in taken_back.the(DutyRaised)}
    assert again == {Known("CONS-GT")}, "Guatemala was asked to erase it; Mexico is owed a notice still"
    ordered.given(withdraw).when(BEGIN, at=waited).then_refused(rule="DECISION-20", field="expunge_id")
    ordered.given((BEGIN, waited)).when(withdraw).then_refused(rule="DECISION-20", field="expunge_id")


def test_an_office_confirms_that_it_erased_and_one_that_was_given_nothing_cannot() -> None:
    confirm = ConfirmErasure(expunge_id=an_id("expunge"), office="cons-gt.denver", second_person="liaison-2")
    expunged.when(confirm).then(ErasureConfirmed)
    stranger = ConfirmErasure(expunge_id=an_id("expunge"), office="cons-mx.el-paso")
    expunged.when(stranger).then_refused(rule="P19", field="office")


def test_nothing_is_added_to_an_expunged_record_and_its_recall_still_comes_home() -> None:
    party = AddParty(party_id=an_id("new"), role=Role.RELATIVE, child_ids=(CHILD,))
    expunged.when(party).then_refused(rule="P19", field="case")
    [notice_id] = [n.prepared.notice_id for n in expunged.case.consular.notices.values() if n.corrected is not None]
    receipt = RecordCorrectionReceived(notice_id=notice_id, channel=Way.WEBHOOK, entry=2, receipt="r-2")
    assert expunged.when(receipt).events()


def test_deadlines_are_countable_afterwards() -> None:
    assert len(expunged.case.obligations.duties) == len(told.case.obligations.duties) > 0


def test_the_letter_says_why_and_asks_to_confirm_and_does_not_speak_of_an_error() -> None:
    record = {"case_reference": "K7Q", "withdraws": 4, "text_code": "erase"}
    text = letter(record, Purpose.RECALL, "Consulate", "Agency", date(2027, 5, 1))
    assert "be destroyed" in text and "confirm to us" in text and "in error" not in text


def test_every_command_that_a_closed_record_takes_is_one() -> None:
    assert set(COMMANDS) >= WHILE_CLOSED


def test_workers_send_nothing_that_a_closed_record_does_not_take() -> None:
    """Clocks, couriers and custodians go on after a seal. Wherever a module that no person drives submits, each command
    that it names is on the list."""
    sent = {path.name: _named(path) for path in (ROOT / "adapters").rglob("*.py") if _submits(path)}
    assert sent.keys() == {"custodian.py", "clock_worker.py", "receipts.py"}
    assert all(sent.values()) and set().union(*sent.values()) <= WHILE_CLOSED


ROOT = Path(__file__).resolve().parents[2]
BY_A_PERSON = ("adapters/cli/", "adapters/importing/", "adapters/play.py")
"""Here a person sends every command, by a line, a row or an option, and is told what was refused."""
SUBMITS = ("submit", "submit_together")


def _submits(path: Path) -> bool:
    if path.relative_to(ROOT).as_posix().startswith(BY_A_PERSON):
        return False
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr in SUBMITS for call in calls)


def _named(path: Path) -> set[str]:
    constants = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant))
    return {constant.value for constant in constants if isinstance(constant.value, str) and constant.value in COMMANDS}
