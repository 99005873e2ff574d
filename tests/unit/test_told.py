"""What an office says that it did with an entry, and what was told outside of every feed."""
from __future__ import annotations

from datetime import timedelta

from domain.case.consular import (
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    ReleaseDisclosure,
    Way,
)
from domain.case.told import EntryReached, Outside, Reached, RecordToldOutside, ReportEntryReached, ToldOutside
from domain.disclosure.items import AskedItem
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, FAMILY, h1_information, take_child, take_sibling

notified = Scenario().given(
    *FAMILY, take_child, take_sibling, h1_information,
    PrepareConsularNotification(notice_id=an_id("notice"), office="cons-gt.denver", form=NoticeForm.NM_PLAIN),
    ReleaseDisclosure(notice_id=an_id("notice")),
    RecordConsulateNotified(notice_id=an_id("notice"), channel=Way.WEBHOOK, entry=1, receipt="r-1"),
)
OPENED = ReportEntryReached(report_id=an_id("r"), office="cons-gt.denver", entry=1, reached=Reached.OPENED, reference="x")
SUBPOENA = RecordToldOutside(
    telling_id=an_id("t"), person_ids=(CHILD,), partner="LE", items=(AskedItem.CUSTODY,), why=Outside.SUBPOENA,
    authority="grand jury, 26-117",
)


def test_an_office_says_that_it_opened_an_entry_and_the_first_time_counts() -> None:
    notified.when(OPENED).then(EntryReached)
    again = ReportEntryReached(report_id=an_id("r2"), office="cons-gt.denver", entry=1, reached=Reached.OPENED)
    later = notified.given(OPENED, (again, notified.at + timedelta(days=3)))
    assert later.case.told.reached["cons-gt.denver", 1][Reached.OPENED] == notified.at + timedelta(hours=1)


def test_nobody_says_that_they_opened_what_they_were_not_handed() -> None:
    wrong = ReportEntryReached(report_id=an_id("r"), office="cons-gt.denver", entry=2, reached=Reached.OPENED)
    notified.when(wrong).then_refused(rule="DECISION-16", field="entry")
    other = ReportEntryReached(report_id=an_id("r"), office="cons-mx.el-paso", entry=1, reached=Reached.OPENED)
    notified.when(other).then_refused(rule="DECISION-16", field="entry")


def test_nobody_opened_an_entry_before_it_was_released() -> None:
    released_at = notified.case.corrections.left[an_id("notice")].at
    notified.when(OPENED, at=released_at - timedelta(minutes=1)).then_refused(rule="DECISION-16", field="occurred_at")
    notified.when(OPENED, at=released_at).then(EntryReached)


def test_a_hand_over_is_not_a_matter_of_report() -> None:
    wish = ReportEntryReached(report_id=an_id("r"), office="cons-gt.denver", entry=1, reached=Reached.HANDED_OVER)
    notified.when(wish).then_refused(rule="DECISION-16", field="reached")


def test_what_was_told_under_a_subpoena_is_on_record_by_name_of_item_only() -> None:
    notified.when(SUBPOENA).then(ToldOutside)
    assert len(notified.given(SUBPOENA).case.told.outside) == 1


def test_telling_outside_names_a_partner_of_the_list_and_an_order_of_the_case() -> None:
    stranger = RecordToldOutside(
        telling_id=an_id("t"), person_ids=(CHILD,), partner="NEWSPAPER", items=(AskedItem.CUSTODY,), why=Outside.PERSON,
        authority="the night desk",
    )
    notified.when(stranger).then_refused(rule="P17", field="partner")
    order = RecordToldOutside(
        telling_id=an_id("t"), person_ids=(CHILD,), partner="LE", items=(AskedItem.CUSTODY,), why=Outside.COURT_ORDER,
        order_id=an_id("no order"), authority="district court",
    )
    notified.when(order).then_refused(rule="P10", field="order_id")
    nobody = RecordToldOutside(
        telling_id=an_id("t"), person_ids=(), partner="LE", items=(AskedItem.CUSTODY,), why=Outside.PERSON, authority="x",
    )
    notified.when(nobody).then_refused(rule="P17", field="person_ids")
