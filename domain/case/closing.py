"""The agency closes a case: what is still open then is named, not forgotten."""
from __future__ import annotations

from collections.abc import Sequence

from domain.case.intake import CaseClosed, CloseCase, require_open
from domain.case.state import Case
from domain.case.updates import still_owed
from domain.events import Compartment
from domain.personal import Known
from domain.submission import Recording, Submission


def close_case(submission: Submission[CloseCase], case: Case) -> Sequence[Recording]:
    require_open(case)
    if case.intake.is_closed:
        return []
    return [Recording(event=CaseClosed(
        child_ids=case.taking(
            [child.person_id for child in case.intake.children], Compartment.LEGAL, Compartment.IMMIGRATION
        ),
        open_duty_ids=tuple(duty.duty_id for duty in case.obligations.open_duties()),
        outcome=Known(submission.command.outcome), unfiled_child_ids=Known(tuple(case.petitions.unfiled)),
        open_correction_ids=(
            *(one.owed.correction_id for one in still_owed(case, submission.standing, submission.learned_at)),
            *(one.owed.correction_id for one, _ in case.outside_corrections.still_owed(case)),
        ),
    ))]


DECIDES = {CloseCase: close_case}
