"""What an office is to learn in the place of what it was given is prepared; it is asked to disregard what was untrue."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.case.consular import ConsularNotificationPrepared, Notice, TextCode
from domain.case.corrections import RULE, CorrectionOwed, CorrectionPrepared, Owes, PrepareCorrection
from domain.case.engagement import EngagementOpened, PersonReference, Signs, require_basis
from domain.case.intake import require_open
from domain.case.notice_items import missing_items, people_around
from domain.case.obligations import DutyStage
from domain.case.recalls import is_recalled, recall_of
from domain.case.state import Case
from domain.case.updates import still_owed
from domain.disclosure.purposes import Purpose
from domain.events import Event
from domain.refusals import Refused
from domain.submission import Recording, Submission

LEARNS_NO_MORE = "the basis has ended: the office learns nothing new, recall what it was given"
NO_MORE = "this is owed no longer: the office may not learn it, or has learned it, or is to get more than this"


def prepare(submission: Submission[PrepareCorrection], case: Case) -> Sequence[Recording]:
    wish = submission.command
    owed = case.corrections.owed.get(wish.correction_id)
    if owed is None:
        raise Refused("no such correction is owed in this case", rule=RULE, field="correction_id")
    told = owed.owed
    prepared = case.once((wish.disclosure_id, "correction"), CorrectionPrepared(
        disclosure_id=wish.disclosure_id, corrects_id=told.disclosure_id, office=told.office,
    ))
    if not prepared:
        return []
    require_open(case)
    if owed.settled is not None or owed.prepared_as is not None:
        raise Refused("a correction was prepared, or went out, already", rule=RULE, field="correction_id")
    if told.owes not in (Owes.CORRECTION, Owes.UPDATE):
        because = "this office is to learn nothing new: recall what it was given, with RecallDisclosure"
        raise Refused(because, rule=RULE, field="correction_id")
    if owed not in still_owed(case, submission.standing, submission.learned_at):
        raise Refused(NO_MORE, rule=RULE, field="correction_id")
    in_its_place = _in_its_place(submission, case, told)
    recalls = [] if told.owes is Owes.UPDATE or is_recalled(case, told.disclosure_id) else recall_of(
        submission, case, told.disclosure_id, Signs(submission, case), TextCode.DISREGARD, ordinal=0
    )
    return [*prepared, *recalls, *(Recording(event=event) for event in in_its_place)]


def _in_its_place(submission: Submission[PrepareCorrection], case: Case, told: CorrectionOwed) -> list[Event]:
    """What is prepared, on its own engagement; on another like it where that had ended because its purpose was fulfilled."""
    wish = submission.command
    notice = case.consular.notices.get(told.disclosure_id)
    if notice is not None:
        return [_notice_again(submission, case, notice)]
    prepared = replace(case.disclosures.disclosures[told.disclosure_id].prepared, disclosure_id=wish.disclosure_id)
    known = case.engagements.engagements.get(prepared.engagement_id)
    if known is None or not known.may_correct_at(submission.occurred_at, submission.standing.agreements) or known.is_open:
        require_basis(submission, known, LEARNS_NO_MORE, field="correction_id")
        return [prepared]
    other = case.engagements.open_for(known.office, known.purpose)
    if other is not None and known.references.keys() <= other.references.keys():
        require_basis(submission, other, LEARNS_NO_MORE, field="correction_id")
        return [replace(prepared, engagement_id=other.engagement_id)]
    again = EngagementOpened(
        engagement_id=submission.own_id("engagement for a correction", 0), office=known.office, purpose=known.purpose,
        case_reference=known.case_reference, persons=tuple(
            PersonReference(person_id=person, reference=sign) for person, sign in known.references.items()
        ), rule_ids=known.rule_ids, basis=known.basis, until=known.until, client_ids=known.client_ids, side=known.side,
    )
    return [again, replace(prepared, engagement_id=again.engagement_id)]


def _notice_again(
    submission: Submission[PrepareCorrection], case: Case, notice: Notice
) -> ConsularNotificationPrepared:
    """The same notice, about those of its children of whom the office may still learn."""
    before = notice.prepared
    engagement = case.engagements.open_for(before.office, Purpose.CONSULAR_NOTICE)
    whom = require_basis(submission, engagement, LEARNS_NO_MORE, field="correction_id").references
    child_ids = tuple(child for child in before.child_ids if child in whom)
    if not child_ids:
        raise Refused("the office may learn of none of these children: recall it", rule=RULE, field="correction_id")
    duties = [
        duty for duty_id in before.duty_ids if (duty := case.obligations.duties.get(duty_id)) is not None
        and duty.stage is not DutyStage.WITHDRAWN and duty.raised.child_id in whom
    ]
    person_ids = (*child_ids, *(person for person in people_around(case, child_ids) if person in whom))
    optional, required = missing_items(submission, case, duties, person_ids)
    return replace(
        before, notice_id=submission.command.disclosure_id, child_ids=child_ids, person_ids=person_ids,
        duty_ids=tuple(duty.duty_id for duty in duties), missing_optional=optional, missing_required=required,
    )


DECIDES = {PrepareCorrection: prepare}
