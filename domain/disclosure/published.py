"""The published events that a contract may name, and what each has a place for: a flow that does not fit could tell nothing.

A published schema is never changed. What a contract is to let flow beyond it takes a new version, here and in `schemas/`.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """`laid_out` is the family of the renderers that write it; `paths` are the fields for which it has a place."""

    laid_out: str
    paths: frozenset[str] = frozenset()


def _paths(text: str) -> frozenset[str]:
    return frozenset(text.split())


PUBLISHED: Mapping[str, Published] = {
    "CareInformation.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name child.birth_date"
    )),
    "ConsularNotice.v1": Published(laid_out="notice", paths=_paths(
        "child.custody child.name child.birth_date child.birth_place parent.relation parent.name parent.birth_date "
        "parent.birth_place parent.address relative.name relative.phone"
    )),
    "CourtReport.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name child.birth_date child.birth_place child.nationalities child.in_proceedings "
        "child.allegation child.placement_address child.placement_landmarks child.relief_candidates parent.relation "
        "parent.name parent.birth_date parent.address parent.landmarks relative.relation relative.name relative.phone "
        "hearing.time hearing.purpose"
    )),
    "DetainedHearing.v1": Published(laid_out="facts", paths=_paths(
        "parent.relation parent.name parent.birth_date parent.birth_place parent.a_number parent.detention_place "
        "hearing.time hearing.channel hearing.place"
    )),
    "DetainedParent.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name parent.relation parent.name parent.birth_date parent.birth_place parent.a_number "
        "parent.detention_place"
    )),
    "DetainedVisit.v1": Published(laid_out="facts", paths=_paths(
        "child.name parent.relation parent.name parent.birth_date parent.birth_place parent.a_number "
        "parent.detention_place visit.time visit.mode visit.platform visit.attendees visit.parent"
    )),
    "Disregard.v1": Published(laid_out="disregard"),
    "DocumentRequest.v1": Published(laid_out="facts", paths=_paths(
        "child.name child.birth_date child.birth_place parent.relation parent.name parent.birth_date parent.birth_place "
        "document.person document.kind document.described"
    )),
    "HearingArrangement.v1": Published(laid_out="facts", paths=_paths(
        "child.name parent.relation parent.name hearing.time hearing.channel hearing.place"
    )),
    "HomeStudyRequest.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name child.birth_date parent.relation parent.name relative.relation relative.name "
        "relative.phone home_study.person home_study.address home_study.landmarks home_study.country home_study.attempt"
    )),
    "IdentityCheck.v1": Published(laid_out="facts", paths=_paths(
        "child.name child.birth_date child.birth_place child.nationalities parent.relation parent.name parent.birth_date "
        "parent.birth_place relative.relation relative.name sponsor.name sponsor.birth_date"
    )),
    "PapersToServe.v1": Published(laid_out="facts", paths=_paths(
        "parent.name parent.birth_date parent.address parent.landmarks papers.person papers.document papers.dated "
        "papers.country"
    )),
    "ReliefReferral.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name child.birth_date child.birth_place child.nationalities child.in_proceedings "
        "child.allegation child.otip_letter parent.relation parent.name parent.birth_date parent.birth_place "
        "parent.address parent.landmarks parent.a_number parent.detention_place"
    )),
    "ReunificationRequest.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name child.birth_date child.birth_place child.nationalities parent.relation parent.name "
        "parent.birth_date parent.address parent.landmarks relative.relation relative.name relative.phone "
        "relative.address relative.landmarks plan.country plan.carer"
    )),
    "TraffickingNotice.v1": Published(laid_out="facts", paths=_paths(
        "child.name child.birth_date trafficking.indicators"
    )),
    "TraffickingReport.v1": Published(laid_out="facts", paths=_paths(
        "child.custody child.name child.birth_date child.birth_place child.nationalities trafficking.indicators"
    )),
    "TranslationRequest.v1": Published(laid_out="facts", paths=_paths(
        "child.name parent.relation parent.name document.from_language document.to_language"
    )),
    "VisitArrangement.v1": Published(laid_out="facts", paths=_paths(
        "child.name parent.relation parent.name visit.time visit.mode visit.platform visit.place visit.port "
        "visit.attendees visit.parent"
    )),
}
