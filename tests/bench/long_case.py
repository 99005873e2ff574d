"""A case that goes on for as long as anybody asks, as such cases do."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from tests.bench.agency import START, Line, line

QUESTIONS = tuple(f"PQ{number}" for number in range(1, 9))
SEARCHED_EVERY, ASKED_EVERY = 5, 10  # days: the locator is searched, and where the mother is from is told by another source
AHEAD = timedelta(days=30)


def family() -> tuple[UUID, list[Line]]:
    """A case with two children, of whom one is a citizen, their parents of two countries, custody, and what is owed."""
    case, child, sibling, mother, father = uuid4(), *(str(uuid4()) for _ in range(4))
    custody = {"authority": "law enforcement, 48 hour hold", "place": "school, Albuquerque"}

    def origin(person: str, country: str) -> Line:
        return {"person_id": person, "nationalities": [country], "birth_country": country}

    return case, [
        line("OpenCase", {"child_ids": [child, sibling], "referral_id": "R-2026-118"}, case=case),
        line("AddChild", {"child_id": child, "name": {"given_names": "Nahomy", "surnames": "Zúñiga Ochoa"}}, case=case),
        line("AddChild", {"child_id": sibling, "name": {"given_names": "Noé", "surnames": "Zúñiga Ochoa"}}, case=case),
        line("AddParty", {"party_id": mother, "role": "mother", "child_ids": [child, sibling]}, case=case),
        line("AddParty", {"party_id": father, "role": "father", "child_ids": [sibling]}, case=case),
        line("TakeIntoCustody", {"child_id": child, "episode_id": str(uuid4()), **custody}, case=case),
        line("TakeIntoCustody", {"child_id": sibling, "episode_id": str(uuid4()), **custody}, case=case),
        line("ObtainCitizenshipInformation", {
            "information_id": str(uuid4()), "basis": "interview",
            "persons": [origin(child, "MX"), origin(sibling, "US"), origin(mother, "MX"), origin(father, "GT")],
        }, case=case),
        line("InformImmigrationUnit", {"child_ids": [child, sibling], "unit": "Immigration Affairs Unit"}, case=case),
    ]


def long_case() -> tuple[UUID, Iterator[Line]]:
    """A family with what it is owed, then its days, without end."""
    case, lines = family()
    return case, _all(case, lines)


def _all(case: UUID, lines: list[Line]) -> Iterator[Line]:
    yield from lines
    children = lines[0]["data"]["child_ids"]
    mother, father = (one["data"]["party_id"] for one in lines if one["command"] == "AddParty")

    def do(command: str, **data: Any) -> Line:
        return line(command, data, case=case)

    yield do("ReportParentDetained", report_id=str(uuid4()), party_id=father, source="the father's brother")
    yield do("ObtainANumber", party_id=father, a_number="123456789")
    for day in count():
        yield from _day(do, day, children, mother)
        if day % SEARCHED_EVERY == 0:
            yield do("RecordLocatorSearch", search_id=str(uuid4()), party_id=father, result="no_match")
        if day % ASKED_EVERY == 0:
            told = {"person_id": mother, "nationalities": ["MX"], "birth_country": "MX"}
            yield do("ObtainCitizenshipInformation", information_id=str(uuid4()), basis="document", persons=[told])


def _day(do: Any, day: int, children: list[str], mother: str) -> Iterator[Line]:
    planned, visit, request = (START + AHEAD).isoformat(), str(uuid4()), str(uuid4())
    child = children[day % len(children)]
    yield do(
        "RecordProxyAnswer", answer_id=str(uuid4()), person_id=mother, code=QUESTIONS[day % len(QUESTIONS)],
        answer="we came from Chihuahua when the child was small", interviewer_title_used="family specialist",
    )
    yield do(
        "PlanVisit", visit_id=visit, child_ids=children, party_id=mother, mode="virtual", planned_for=planned,
        supervised=True, platform="whatsapp", place="family room, Albuquerque",
    )
    yield do("CancelVisit", visit_id=visit, by="parent", reason="no connection that day")
    yield do("ScheduleHearing", hearing_id=str(uuid4()), child_ids=children, scheduled_for=planned, kind="review")
    yield do("RequestDocument", request_id=request, person_id=child, doc_type="birth_certificate", source="family")
    yield do(
        "ReceiveDocument", document_id=str(uuid4()), person_id=child, doc_type="birth_certificate", request_id=request,
        issuer="civil registry",
    )
