"""A court orders a record destroyed: who was given something of it is asked to erase that, and nobody else hears of it."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.agency.state import Agency
from domain.case.consular import TextCode
from domain.case.engagement import EndedBecause, Signs
from domain.case.erasure import WAIT_DAYS_MAX, WAIT_DAYS_MIN, ExpungeOrdered, OrderExpunge, refuse_while_held
from domain.case.given import Given, is_reached, let_go
from domain.case.intake import personal
from domain.case.recalls import is_recalled, recall_of
from domain.case.record_scope import Scope, scope_of
from domain.case.sealing import close_to_partners, require_second_person
from domain.case.state import Case
from domain.refusals import Refused
from domain.submission import Recording, Submission


def reached(case: Case, standing: Agency, scope: Scope) -> list[Given]:
    """What left for an office, or may have, and told something of a scope; also what it was asked to disregard since."""
    return [one for one in let_go(case) if is_reached(case, standing, one, scope)]


def order(submission: Submission[OrderExpunge], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_second_person(submission, wish.second_person)
    if not WAIT_DAYS_MIN <= wish.wait_days <= WAIT_DAYS_MAX:
        because = f"an order waits from {WAIT_DAYS_MIN} to {WAIT_DAYS_MAX} days"
        raise Refused(because, rule="DECISION-20", field="wait_days")
    scope = scope_of(case, wish.person_ids, wish.compartments)
    known = case.recorded.get((wish.expunge_id, "ordered"))
    if isinstance(known, ExpungeOrdered):
        return case.once((wish.expunge_id, "ordered"), replace(
            known, person_ids=scope.person_ids, compartments=scope.compartments, second_person=wish.second_person,
            order_ref=personal(wish.order_ref),
        ))
    if scope.pairs <= case.erasure.ordered_pairs:
        because = "all of this is expunged, or to be expunged by an order that stands: `record show` names it"
        raise Refused(because, rule="DECISION-20", field="expunge_id")
    refuse_while_held(case, scope.person_ids)
    given, signs = reached(case, submission.standing, scope), Signs(submission, case)
    ordered = ExpungeOrdered(
        expunge_id=wish.expunge_id, person_ids=scope.person_ids, compartments=scope.compartments,
        offices=tuple(dict.fromkeys(one.office for one in given)),
        not_before=submission.received_at + timedelta(days=wish.wait_days), second_person=wish.second_person,
        order_ref=personal(wish.order_ref),
    )
    recalls = [
        recording for ordinal, one in enumerate(given) if one.is_disclosed and not is_recalled(case, one.disclosure_id)
        for recording in recall_of(submission, case, one.disclosure_id, signs, TextCode.ERASE, ordinal=ordinal)
    ]
    return [Recording(event=ordered), *recalls, *close_to_partners(case, scope, EndedBecause.EXPUNGED)]


DECIDES = {OrderExpunge: order}
