"""Whom a notice to a consulate may name, and which items that its rules ask for are not there (domain.md L386-394)."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.intake import Person
from domain.case.obligations import Duty
from domain.people import PARENTS, Role
from domain.personal import Known
from domain.policy.pack import DataItem
from domain.refusals import Refused
from domain.submission import Submission

if TYPE_CHECKING:
    from domain.case.state import Case


def people_around(case: Case, child_ids: Sequence[UUID]) -> list[UUID]:
    """Parents and relatives of these children: the persons whom a notice may name beside them.

    A relative whom the allegation names is nobody's contact.
    """
    wanted = PARENTS | {Role.RELATIVE}
    return [
        p.person_id for p in case.intake.people.values() if p.role in wanted and set(p.child_ids) & set(child_ids)
        and not (p.role is Role.RELATIVE and p.is_alleged_to_have_harmed == Known(True))
    ]


def missing_items(
    submission: Submission[Any], case: Case, duties: Sequence[Duty], person_ids: Sequence[UUID]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the items, optional and required, that the rules cited on these duties ask for and that a notice of these
    persons lacks."""
    cited = {rule_id for duty in duties for rule_id in (duty.raised.rule_id, *duty.raised.cited_rule_ids)}
    items: dict[DataItem, None] = {}
    for pack in submission.standing.packs_at(submission.learned_at):
        for rule in pack.rules:
            if rule.id in cited:
                items.update(dict.fromkeys(rule.requires))
    named = [case.intake.people[person_id] for person_id in person_ids if person_id in case.intake.people]
    children, around = ([one for one in named if (one.role is None) is is_child] for is_child in (True, False))
    absent = [item for item in items if not _has(case, item.name, children, around)]
    return (
        tuple(item.name for item in absent if item.optional), tuple(item.name for item in absent if not item.optional)
    )


def _has(case: Case, item: str, children: Sequence[Person], around: Sequence[Person]) -> bool:
    """Whether an item of domain.md L386-394 is there, for every person whom it concerns."""
    parents = [person for person in around if person.role in PARENTS]
    relatives = [person for person in around if person.role is Role.RELATIVE]
    origin = case.citizenship.of
    match item:
        case "parent_full_surnames":
            return bool(parents) and all(person.name.is_known for person in parents)
        case "parent_birthplace":
            return bool(parents) and all(origin(person.person_id).birth_country.is_known for person in parents)
        case "child_birthplace":
            return all(origin(child.person_id).birth_country.is_known for child in children)
        case "child_dob":
            return all(child.birth_date.is_known for child in children)
        case "parent_dob":
            return bool(parents) and all(person.birth_date.is_known for person in parents)
        case "parent_current_address":
            return bool(parents) and all(person.address.is_known for person in parents)
        case "relative_contact":
            return any(person.phone.is_known for person in relatives)
        case _:
            raise Refused(f"this version does not know the notice item {item}", rule="DECISION-7")
