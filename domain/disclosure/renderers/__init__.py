"""Every renderer that an entry may name. None is ever changed or removed: old entries must render to their bytes."""
from __future__ import annotations

from collections.abc import Mapping

from domain.disclosure.renderers import disregard_v1, facts_v1, notice_v1, placeholder_v1
from domain.disclosure.rendering import Renderer
from domain.disclosure.vocabulary import WORDS

RENDERERS: Mapping[str, Renderer] = {
    "notice.v1": notice_v1.render,
    "facts.v1": facts_v1.render,
    "disregard.v1": disregard_v1.render,
    "placeholder.v1": placeholder_v1.render,
}
PLACES: Mapping[str, tuple[str, ...]] = {
    "notice.v1": (
        "child.name", "child.birth_date", "child.birth_place", "child.custody", "parent.relation", "parent.name",
        "parent.birth_date", "parent.birth_place", "parent.address", "relative.name", "relative.phone",
    ),
    "facts.v1": tuple(WORDS),
    "disregard.v1": (),
}
"""The fields for which each renderer that a contract may name has a place, in the order of its record."""
