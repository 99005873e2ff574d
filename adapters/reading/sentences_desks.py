"""Sentences on who has something in hand, and on what is awaited by when."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.reading.words import moment, people, person, personal
from domain.case import assignments, requests
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known
from domain.requests import AskedFor

Text = Callable[[Case, Any], str]

ASKED_FOR = {
    AskedFor.CONSULAR_NOTICE: "consular notice", AskedFor.CONSULAR_SERVICE: "service of a consulate",
    AskedFor.DIF_HOME_STUDY: "home study by DIF", AskedFor.ISS_HOME_STUDY: "home study by ISS",
    AskedFor.HOME_CLEARANCE: "clearance of a home abroad by ISS", AskedFor.DETAINEE_SEARCH: "search for a detained parent",
    AskedFor.DETAINEE_COORDINATOR: "request to ICE's parental interest coordinator",
    AskedFor.COURT_TRANSPORT: "transport of a detained parent to court",
    AskedFor.COUNSEL_FOR_DETAINEE: "counsel for a detained parent", AskedFor.TRAFFICKING_NOTICE: "trafficking notice",
    AskedFor.OTIP_REFERRAL: "referral to OTIP", AskedFor.AVANZAR_REFERRAL: "referral to Avanzar",
    AskedFor.RELIEF_SCREENING: "screening for relief by a legal provider", AskedFor.RELIEF_PETITION: "petition for relief",
    AskedFor.TRANSLATION: "translation", AskedFor.SERVICE_OF_PROCESS: "service of papers abroad",
    AskedFor.DOCUMENT: "document", AskedFor.REUNIFICATION_EXTENSION: "more reunification time from the court",
}
"""Kinds of requests, as people say them."""


def _act(case: Case, e: assignments.ActReassigned) -> str:
    rules = dict.fromkeys(
        case.obligations.duties[duty_id].raised.rule_id for duty_id in e.duty_ids if duty_id in case.obligations.duties
    )
    return f"{', '.join(rules) or 'an act'} for {people(case, e.child_ids)} now lies with {e.owner}: {personal(e.reason)}"


def _question(case: Case, e: assignments.QuestionReassigned) -> str:
    return f"what is not known of {person(case, e.person_id)} is now for {e.owner} to find out: {personal(e.reason)}"


def _needed(case: Case, e: requests.NeededByDateSet) -> str:
    request = case.requests.asked.get(e.request_id)
    what = "a reply" if request is None else f"the reply to the {ASKED_FOR[request.asking.kind]}"
    why = f": {e.reason.value}" if isinstance(e.reason, Known) else ""
    return f"{what} is needed by {moment(e.needed_by, e.needed_zone)}, {e.needed_for.value.replace('_', ' ')}{why}"


TEXTS: dict[type[Event], Text] = {
    assignments.ActReassigned: _act, assignments.QuestionReassigned: _question, requests.NeededByDateSet: _needed,
}
