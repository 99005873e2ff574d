"""What a family was assured, what a partner asked for and was not given, and what went to the wrong one."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.doubts import shown_by
from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID, require_person
from domain.case.keys import Keys
from domain.case.obligations import RULE
from domain.disclosure.items import AskedItem
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.partners import partner
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@event("casebridge.privacy.ConfidentialityAssuranceGiven")
class ConfidentialityAssuranceGiven(Event):
    """A family member was told what stays private."""

    person_id: UUID = clear(OUR_ID)
    assurance_id: UUID = clear(OUR_ID)
    text_version: str = clear("version of the standing text that was spoken")


@event("casebridge.privacy.DisclosureRefused")
class DisclosureRefused(Event):
    """A partner asked for something about persons of the case, and was not given it."""

    refusal_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    rule_id: str = clear(RULE)
    partner: Personal[str] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="office or code of the partner; a consulate's tells a nationality"
    )
    fields: Personal[tuple[AskedItem, ...]] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="names of the items that were asked for, never their values"
    )


@event("casebridge.privacy.DisclosureBreachRecorded")
class DisclosureBreachRecorded(Event):
    """Facts reached an office that should not have had them. What they were is the feed's entry."""

    breach_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    notice_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    how: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="how it came about")
    containment: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="what was done to contain it")


@dataclass(frozen=True, kw_only=True, slots=True)
class Privacy:
    breaches: tuple[DisclosureBreachRecorded, ...] = ()
    refusals: tuple[DisclosureRefused, ...] = ()


@command
class GiveConfidentialityAssurance(Command):
    """Record that a family member was told what stays private."""

    assurance_id: UUID
    person_id: UUID
    text_version: str  # a code, such as assurance-2026-1


@command
class RefuseDisclosure(Command):
    """Record that one partner asked for items about persons of the case and was refused, under which rule.

    `partner` is an office of the directory or one code, such as POLARIS.
    """

    refusal_id: UUID
    person_ids: tuple[UUID, ...]
    partner: str
    fields: tuple[AskedItem, ...]
    rule_id: str


@command
class RecordDisclosureBreach(Command):
    """Record that a notice reached an office that should not have had it."""

    breach_id: UUID
    notice_id: UUID
    how: str
    containment: str


def give_assurance(submission: Submission[GiveConfidentialityAssurance], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    if not CODE.fullmatch(wish.text_version):
        raise Refused("a text's version is a code without spaces", rule="US-PRIV-ASSURE", field="text_version")
    return case.once(wish.assurance_id, ConfidentialityAssuranceGiven(
        person_id=wish.person_id, assurance_id=wish.assurance_id, text_version=wish.text_version,
    ))


def refuse_disclosure(submission: Submission[RefuseDisclosure], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if not wish.person_ids or not wish.fields:
        raise Refused("say about whom what was asked for", rule="P17", field="fields" if wish.person_ids else "person_ids")
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    if wish.partner not in submission.standing.offices:
        partner(wish.partner, "partner")
    return case.once(wish.refusal_id, DisclosureRefused(
        refusal_id=wish.refusal_id, person_ids=wish.person_ids, rule_id=wish.rule_id, partner=Known(wish.partner),
        fields=Known(tuple(dict.fromkeys(wish.fields))),
    ))


def record_breach(submission: Submission[RecordDisclosureBreach], case: Case) -> Sequence[Recording]:
    wish = submission.command
    notice = case.consular.notices.get(wish.notice_id)
    if notice is None or shown_by(case, wish.notice_id) is None:
        raise Refused("no such notice was handed over", rule="P17", field="notice_id")
    return case.once(wish.breach_id, DisclosureBreachRecorded(
        breach_id=wish.breach_id, office=notice.prepared.office, notice_id=wish.notice_id,
        child_ids=notice.prepared.child_ids, how=Known(wish.how), containment=Known(wish.containment),
    ))


def _assured(state: Privacy, _: ConfidentialityAssuranceGiven, __: Envelope) -> Privacy:
    return state


def _breached(state: Privacy, told: DisclosureBreachRecorded, _: Envelope) -> Privacy:
    return replace(state, breaches=(*state.breaches, told))


def _refused(state: Privacy, told: DisclosureRefused, _: Envelope) -> Privacy:
    return replace(state, refusals=(*state.refusals, told))


INITIAL = Privacy()
DECIDES = {
    GiveConfidentialityAssurance: give_assurance, RefuseDisclosure: refuse_disclosure,
    RecordDisclosureBreach: record_breach,
}
EVOLVES = {
    ConfidentialityAssuranceGiven: _assured, DisclosureRefused: _refused, DisclosureBreachRecorded: _breached,
}
KEYS: Keys = {
    ConfidentialityAssuranceGiven: lambda e: e.assurance_id, DisclosureRefused: lambda e: e.refusal_id,
    DisclosureBreachRecorded: lambda e: e.breach_id,
}
