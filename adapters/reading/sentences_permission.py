"""Sentences on consent, on what was opened and closed by a person, and on what an office was to learn."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from adapters.reading.words import in_words, people, person, personal
from domain.case import (
    approval,
    consent,
    corrections,
    disclosures,
    doubts,
    holds,
    outside_corrections,
    permission,
    recalls,
    told,
)
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known

Text = Callable[[Case, Any], str]


def _listed(codes: Iterable[object]) -> str:
    return ", ".join(map(in_words, codes))


def _a(code: str) -> str:
    return f"{'an' if code[0] in 'aeiou' else 'a'} {in_words(code)}"


def _granted(case: Case, e: consent.ConsentGranted) -> str:
    until = f", until {e.until:%Y-%m-%d}" if e.until else ""
    through = ", through an interpreter" if e.interpreter_id else ""
    return (f"by {person(case, e.given_by)} ({e.capacity}) about {people(case, e.person_ids)}, for {_listed(e.purposes)}"
            f"{until}; text {e.text_version}{through}")


def _approved(case: Case, e: approval.CounselApprovalGiven) -> str:
    until = f", until {e.until:%Y-%m-%d}" if e.until else ""
    return (f"by counsel {personal(e.counsel)}, paper {personal(e.paper)}, about {people(case, e.person_ids)}, "
            f"for {_listed(e.purposes)}{until}")


def _owed_outside(case: Case, e: outside_corrections.OutsideCorrectionOwed) -> str:
    telling = case.told.outside.get(e.telling_id)
    who = "whoever was told" if telling is None else personal(telling.told.partner)
    return (f"{who} is owed {_a(e.owes)} of what was told about {people(case, e.person_ids)} outside of the feeds "
            f"({_listed([e.because])})")


def _prepared(case: Case, e: corrections.CorrectionPrepared) -> str:
    owed = {one.owed.owes for one in case.corrections.open_for(e.disclosure_id)}
    what = "is so no longer" if owed == {corrections.Owes.UPDATE} else "proved untrue"
    return f"for {e.office}, in the place of what {what}"


def _held(case: Case, e: holds.DisclosureHeld) -> str:
    if e.path is not None:
        return f"{e.path} of {people(case, e.person_ids)}"
    if isinstance(e.country, Known):
        return f"everything to offices of {e.country.value}, and what is to be done there"
    return f"everything to {e.office or personal(e.recipient_kind)}"


TEXTS: dict[type[Event], Text] = {
    consent.ConsentGranted: _granted,
    consent.ConsentNarrowed: lambda c, e: f"to {people(c, e.person_ids)}, for {_listed(e.purposes)}, "
                                          f"by {person(c, e.narrowed_by)}",
    consent.ConsentWithdrawn: lambda c, e: f"by {person(c, e.withdrawn_by)}: nothing more is told on it",
    consent.ConsentExpired: lambda c, e: "it ended when it said that it would: nothing more is told on it",
    approval.CounselApprovalGiven: _approved,
    approval.CounselApprovalWithdrawn: lambda c, e: "nothing more is told on it",
    approval.CounselApprovalExpired: lambda c, e: "it ended when it said that it would: nothing more is told on it",
    permission.RecallRaised: lambda c, e: f"{e.office} was given {len(e.disclosure_ids)} things that are to be taken back "
                                          f"({_listed([e.reason])})",
    disclosures.DisclosurePrepared: lambda c, e: f"for {e.office} about {people(c, e.person_ids)}, "
                                                 f"for {_listed([e.purpose])}",
    doubts.DisclosureDoubted: lambda c, e: f"{e.office} may have entry {e.entry} of its feed: no proof came",
    told.EntryReached: lambda c, e: f"{e.office} says of entry {e.entry}: {_listed([e.reached])}",
    told.ToldOutside: lambda c, e: f"{personal(e.partner)} was told of {people(c, e.person_ids)} outside of the feeds "
                                   f"({_listed([e.why])}): {personal(e.items)}",
    corrections.CorrectionOwed: lambda c, e: f"{e.office} is owed {_a(e.owes)} about {people(c, e.person_ids)} "
                                            f"({_listed([e.because])}{': ' if e.paths else ''}{_listed(e.paths)})",
    corrections.CorrectionPrepared: _prepared,
    corrections.CorrectionSettled: lambda c, e: "the office has what it was owed",
    outside_corrections.OutsideCorrectionOwed: _owed_outside,
    outside_corrections.OutsideCorrectionSettled: lambda c, e: f"whoever was told outside of the feeds has what they were "
                                                               f"owed ({_listed([e.how])}): {personal(e.receipt)}",
    holds.DisclosureHeld: _held,
    holds.DisclosureHoldLifted: lambda c, e: f"about {people(c, e.person_ids)}: what was on hold may leave",
    recalls.DisclosureRecalled: lambda c, e: f"{e.office} is asked to {_listed([e.text_code])} what it was given about "
                                             f"{people(c, e.person_ids)}",
    recalls.RecallReceived: lambda c, e: f"{e.office} has it ({_listed([e.channel])})",
    disclosures.DisclosureReceived: lambda c, e: f"{e.office} has it ({e.channel}), entry {e.entry} of its feed",
}
