"""What becomes of a child reads as sentences, with every key there and with none."""
from __future__ import annotations

from collections.abc import Iterator

from adapters.reading.acts import explain_acts
from adapters.reading.sentences_placement import TEXTS
from adapters.reading.timeline import lines
from domain.case import (
    adoption,
    citizenship_sources,
    consular_service,
    custody,
    intake,
    mislinks,
    particulars,
    placement,
    privacy,
    repatriation,
    reunification,
    reunification_time,
    unaccompanied,
)
from domain.case.particulars import SupersedeFact
from domain.events import Envelope
from tests.specification import Scenario, an_id
from tests.unit import (
    test_citizenship_sources,
    test_consular_service,
    test_mislinks,
    test_placement,
    test_planned_and_corrected,
    test_repatriation,
    test_reunification_time,
    test_unaccompanied,
)
from tests.unit.people import AUNT, CHILD, FATHER, MOTHER
from tests.unit.test_sentences_abroad import unlearned, without_keys

OF_OTHER_AREAS = {
    custody.CustodyPlanned, particulars.FactCorrected, particulars.FactSuperseded,
    mislinks.MislinkWithdrawn, mislinks.ReportWithdrawn, mislinks.TimeCorrected,
    privacy.DisclosureRefused, citizenship_sources.CitizenshipDetermined,
}


def stories() -> Iterator[Scenario]:
    corrected, sources, services = test_planned_and_corrected, test_citizenship_sources, test_consular_service
    minors, returns, times = test_unaccompanied, test_repatriation, test_reunification_time
    yield corrected.family.given(corrected.plan, corrected.right_date)
    wrong = test_mislinks.in_custody
    yield wrong.given(
        SupersedeFact(change_id=an_id("number"), person_id=MOTHER, phone="+1 505 555 0100"),
        test_mislinks.wrong_time(wrong, -5), test_mislinks.withdraw(wrong, intake.PartyAddedToCase, FATHER),
        test_mislinks.never(wrong, custody.CustodyTaken),
    )
    yield sources.in_custody.given(sources.paper, sources.spoken, sources.decided)
    yield sources.in_custody.given(sources.nobody_can_tell)
    yield services.no_consulate.given(services.none_here)
    yield services.in_custody.given(services.ask, services.acknowledge, services.answer, services.refusal)
    yield test_placement.approved.given(test_placement.travel, test_placement.arrive)
    yield test_placement.family.given(
        placement.PlaceChild(
            placement_id=test_placement.PLAN, child_id=CHILD, carer_id=AUNT
        ),
        test_placement.study(AUNT), test_placement.adopt, test_placement.final,
    )
    yield times.running("NM").given(times.ask, times.extend)
    yield returns.family.given(returns.taken_away, returns.request, returns.assess, returns.travel, returns.back)
    yield minors.received.given(minors.staffing, minors.ask, minors.answer, minors.verify, minors.travel)


def told() -> list[Envelope]:
    return [envelope for story in stories() for envelope in story.envelopes]


def text(envelopes: list[Envelope] | tuple[Envelope, ...]) -> str:
    return "\n".join(f"{line.event}: {line.text}" for line in lines(envelopes))


def test_every_event_of_these_areas_has_a_sentence_and_happens_in_a_story() -> None:
    areas = (
        adoption, citizenship_sources, consular_service, placement, repatriation, reunification, reunification_time,
        unaccompanied,
    )
    declared = {event for area in areas for event in area.EVOLVES if event.__module__ == area.__name__}
    assert set(TEXTS) == declared | OF_OTHER_AREAS
    assert set(TEXTS) <= {type(envelope.event) for envelope in told()}


def test_every_story_reads_whole_without_keys_and_without_knowledge() -> None:
    for story in stories():
        for envelopes in (story.envelopes, [*map(without_keys, story.envelopes)], [*map(unlearned, story.envelopes)]):
            read = lines(envelopes)
            assert len(read) == len(story.envelopes) and all(line.text.strip() for line in read)


def test_the_sentences_say_what_happened_and_what_looked_odd() -> None:
    found = "\n".join(text(story.envelopes) for story in stories())
    for sentence in (
        "supervisor-2 decided to take Nahomy Zúñiga Ochoa into custody",
        "attorney-1 on Nahomy Zúñiga Ochoa: nobody can tell where from",
        "a named person decided that nobody can tell where Nahomy Zúñiga Ochoa is from",
        "LI: has no consulate here",
        "POLARIS asked for child status of Nahomy Zúñiga Ochoa and was refused (B6)",
        "a court is asked for 18 months for Nahomy Zúñiga Ochoa; note: no rule here",
        "dos asks for Nahomy Zúñiga Ochoa back from Guatemala",
    ):
        assert sentence in found


def test_a_duty_that_nobody_can_receive_says_so_and_not_that_it_was_never_true() -> None:
    story = test_consular_service.no_consulate.given(test_consular_service.none_here)
    assert "the country has no consulate here" in text(story.envelopes)
    reasons = [r for act in explain_acts(story.case, story.standing, story.at) for r in act.reasons]
    assert "withdrawn: the country has no consulate here" in reasons
