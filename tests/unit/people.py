"""The people of history H1, for tests that tell their own story."""
from __future__ import annotations

from datetime import date
from uuid import UUID

from domain.case.citizenship import ObtainCitizenshipInformation, PersonOrigin
from domain.case.custody import TakeIntoCustody
from domain.case.intake import AddChild, AddParty, OpenCase
from domain.people import PersonName, Role
from tests.specification import an_id

CHILD, SIBLING = an_id("child"), an_id("sibling")
MOTHER, FATHER, AUNT = an_id("mother"), an_id("father"), an_id("aunt")
EPISODE, EPISODE_2 = an_id("episode"), an_id("episode 2")

open_case = OpenCase(child_ids=(CHILD, SIBLING), referral_id="R-1", allegation_class="neglect")
add_child = AddChild(
    child_id=CHILD, name=PersonName(given_names="Nahomy", surnames="Zúñiga Ochoa"), birth_date=date(2017, 3, 9)
)
add_sibling = AddChild(child_id=SIBLING, birth_date=date(2023, 5, 21))
add_mother = AddParty(
    party_id=MOTHER, role=Role.MOTHER, child_ids=(CHILD, SIBLING), name=PersonName(given_names="X", surnames="Zúñiga Ochoa")
)
add_father = AddParty(party_id=FATHER, role=Role.FATHER, child_ids=(SIBLING,))
take_child = TakeIntoCustody(child_id=CHILD, episode_id=EPISODE)
take_sibling = TakeIntoCustody(child_id=SIBLING, episode_id=EPISODE_2)
FAMILY = (open_case, add_child, add_sibling, add_mother, add_father)


def obtain(*persons: PersonOrigin, id: str = "information") -> ObtainCitizenshipInformation:
    return ObtainCitizenshipInformation(information_id=an_id(id), persons=persons, basis="interview")


def from_country(person: UUID, country: str, nationality: str | None = None) -> PersonOrigin:
    """Born in a country and, unless told otherwise, its national."""

    return PersonOrigin(person_id=person, nationalities=(nationality or country,), birth_country=country)


h1_information = obtain(
    from_country(MOTHER, "GT"), from_country(CHILD, "GT"), from_country(FATHER, "MX"), from_country(SIBLING, "US")
)
