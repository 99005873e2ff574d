"""What an office may be told things for."""
from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """Few, because each needs its letter, its schema and its place in every check."""

    CONSULAR_NOTICE = "consular_notice"
    RECALL = "recall"
    HOME_STUDY = "home_study"
    REUNIFICATION = "reunification"
    SERVICE_OF_PROCESS = "service_of_process"
    DOCUMENT_TRACING = "document_tracing"
    IDENTITY_CHECK = "identity_check"
    HEARING_LOGISTICS = "hearing_logistics"
    ARRANGE_VISIT = "arrange_visit"
    BORDER_VISIT = "border_visit"
    LOCATE_PARENT = "locate_parent"
    CONTACT_PARENT = "contact_parent"
    COURT_ATTENDANCE = "court_attendance"
    ADVOCATE_RELEASE = "advocate_release"
    TRAFFICKING_REPORT = "trafficking_report"
    TRAFFICKING_NOTICE = "trafficking_notice"
    SCREENING_REFERRAL = "screening_referral"
    RELIEF_SCREENING = "relief_screening"
    COURT_REPORT = "court_report"
    TRANSLATION = "translation"
    CARE = "care"


BY_RULE = frozenset({Purpose.CONSULAR_NOTICE, Purpose.RECALL})
"""Their engagements are opened by rules and by corrections alone."""
