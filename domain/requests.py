"""What an agency asks of others: one code for each kind of thing that leaves, so that an interval can be set for it."""
from __future__ import annotations

from enum import StrEnum


class AskedFor(StrEnum):
    """A kind of request, notice or referral from which a reply is hoped for."""

    CONSULAR_NOTICE = "consular_notice"
    CONSULAR_SERVICE = "consular_service"
    DIF_HOME_STUDY = "dif_home_study"
    ISS_HOME_STUDY = "iss_home_study"
    HOME_CLEARANCE = "home_clearance"
    DETAINEE_SEARCH = "detainee_search"
    DETAINEE_COORDINATOR = "detainee_coordinator"
    COURT_TRANSPORT = "court_transport"
    COUNSEL_FOR_DETAINEE = "counsel_for_detainee"
    TRAFFICKING_NOTICE = "trafficking_notice"
    OTIP_REFERRAL = "otip_referral"
    AVANZAR_REFERRAL = "avanzar_referral"
    RELIEF_SCREENING = "relief_screening"
    RELIEF_PETITION = "relief_petition"
    TRANSLATION = "translation"
    SERVICE_OF_PROCESS = "service_of_process"
    DOCUMENT = "document"
    REUNIFICATION_EXTENSION = "reunification_extension"


PROCESS_OF = {
    AskedFor.CONSULAR_NOTICE: "P02", AskedFor.CONSULAR_SERVICE: "P18", AskedFor.DIF_HOME_STUDY: "P03",
    AskedFor.ISS_HOME_STUDY: "P03", AskedFor.HOME_CLEARANCE: "P03", AskedFor.DETAINEE_SEARCH: "P04",
    AskedFor.DETAINEE_COORDINATOR: "P04", AskedFor.COURT_TRANSPORT: "P04", AskedFor.COUNSEL_FOR_DETAINEE: "P04",
    AskedFor.TRAFFICKING_NOTICE: "P05", AskedFor.OTIP_REFERRAL: "P05", AskedFor.AVANZAR_REFERRAL: "P05",
    AskedFor.RELIEF_SCREENING: "P06", AskedFor.RELIEF_PETITION: "P06", AskedFor.TRANSLATION: "P07",
    AskedFor.SERVICE_OF_PROCESS: "P08", AskedFor.DOCUMENT: "P11", AskedFor.REUNIFICATION_EXTENSION: "P14",
}
"""In which process of domain.md section 3 each is asked."""
NO_ANSWER_ASKED = frozenset({AskedFor.CONSULAR_NOTICE, AskedFor.TRAFFICKING_NOTICE})
"""A notice tells: that it was taken note of is all that can come back."""
NOT_ACKNOWLEDGED = frozenset({AskedFor.DETAINEE_SEARCH})
"""A locator takes note of nothing: it shows somebody, or it does not."""
