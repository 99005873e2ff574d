"""The end of an engagement whose purpose is fulfilled (design decision 12): what was asked on it is answered.

Only where asking has an end of its own. Visits and hearings follow each other, and whoever cares for a child or counsels
a person goes on: their engagements end by their dates, by a person, or with what they rest on.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.case.corrections import CorrectionSettled
from domain.case.disclosures import persons_of
from domain.case.documents import DocumentReceived, DocumentRequested, DocumentUnobtainable
from domain.case.engagement import EndedBecause, Engagement, EngagementEnded
from domain.case.kin import DifHomeStudyRequested, HomeStudyCompleted, HomeStudyFailed, IssHomeStudyRequested
from domain.case.language import TranslationCompleted, TranslationRequested
from domain.case.service import ServiceCompleted, ServiceOfProcessRequested
from domain.case.state import Case
from domain.case.updates import still_owed
from domain.disclosure.purposes import Purpose
from domain.events import Envelope, Event
from domain.submission import Recording, Submission

ASKS: Mapping[Purpose, tuple[type[Event], ...]] = {
    Purpose.HOME_STUDY: (IssHomeStudyRequested, DifHomeStudyRequested),
    Purpose.SERVICE_OF_PROCESS: (ServiceOfProcessRequested,), Purpose.DOCUMENT_TRACING: (DocumentRequested,),
    Purpose.TRANSLATION: (TranslationRequested,),
}
"""What asks for something, by the purpose for which it is told. What else a purpose is about has no answer of its own."""
ANSWERS: Mapping[type[Event], Purpose] = {
    HomeStudyCompleted: Purpose.HOME_STUDY, ServiceCompleted: Purpose.SERVICE_OF_PROCESS,
    DocumentReceived: Purpose.DOCUMENT_TRACING, TranslationCompleted: Purpose.TRANSLATION,
}
"""What answers a request, which it names by `request_id`, and for which purpose the request was told."""
ENDS: Mapping[type[Event], Purpose] = {
    **ANSWERS, HomeStudyFailed: Purpose.HOME_STUDY, DocumentUnobtainable: Purpose.DOCUMENT_TRACING,
}
"""What leaves nothing to be done of a request: it is answered, or cannot be."""


def fulfilled(submission: Submission[Any], case: Case, recorded: Sequence[Envelope]) -> list[Recording]:
    """The end of each engagement on which nothing is left, by what was just recorded.

    On one of its disclosures the office was asked for what is there now. Nothing is left: every request of its purpose
    that concerns nobody but its persons is over, no disclosure waits for a person, and no correction is owed.
    """
    kinds = [type(envelope.event) for envelope in recorded]
    purposes = set(ANSWERS.values()) if CorrectionSettled in kinds else {ENDS[kind] for kind in kinds if kind in ENDS}
    if not purposes:
        return []
    reports = [envelope.event for envelope in case.mislinks.left()]
    owed = {
        one_id for one in still_owed(case, submission.standing, submission.learned_at)
        for one_id in (one.owed.disclosure_id, one.prepared_as)
    }
    return [
        Recording(event=EngagementEnded(engagement_id=engagement.engagement_id, reason=EndedBecause.FULFILLED))
        for engagement in case.engagements.engagements.values()
        if engagement.is_open and engagement.purpose in purposes and _is_fulfilled(case, engagement, reports, owed)
    ]


def _is_fulfilled(case: Case, engagement: Engagement, reports: Sequence[Any], owed: Collection[UUID | None]) -> bool:
    told, waits = set[UUID | None](), False
    for disclosure_id, disclosure in case.disclosures.disclosures.items():
        if disclosure.prepared.engagement_id == engagement.engagement_id:
            told.add(disclosure.prepared.about_id)
            waits = waits or disclosure.released is None or disclosure_id in owed
    answered, over, asked = set[UUID | None](), set[UUID | None](), set[UUID | None]()
    for report in reports:
        request: UUID | None = getattr(report, "request_id", None)
        if ENDS.get(type(report)) is engagement.purpose:
            over.add(request)
            if type(report) in ANSWERS:
                answered.add(request)
        elif isinstance(report, ASKS[engagement.purpose]) and set(persons_of(report)) <= engagement.references.keys():
            asked.add(request)
    return bool(told & answered) and not waits and (told | asked) <= over
