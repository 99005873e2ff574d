"""Every renderer that an entry may name. None is ever changed or removed: old entries must render to their bytes."""
from __future__ import annotations

from collections.abc import Mapping

from domain.disclosure.renderers import disregard_v1, facts_v1, facts_v2, notice_v1, notice_v2, placeholder_v1
from domain.disclosure.rendering import Renderer
from domain.disclosure.vocabulary import WORDS

RENDERERS: Mapping[str, Renderer] = {
    "notice.v1": notice_v1.render,
    "notice.v2": notice_v2.render,
    "facts.v1": facts_v1.render,
    "facts.v2": facts_v2.render,
    "disregard.v1": disregard_v1.render,
    "placeholder.v1": placeholder_v1.render,
}
INSTEAD: Mapping[str, str] = {"notice.v1": "notice.v2", "facts.v1": "facts.v2"}
"""What lays out a new entry where a contract names the first, which tells landmarks with an address, unnamed. Both lay
out the same record."""
_WHOLE = tuple(path for path, word in WORDS.items() if word.part_of is None)
_NOTICE = (
    "child.name", "child.birth_date", "child.birth_place", "child.custody", "parent.relation", "parent.name",
    "parent.birth_date", "parent.birth_place", "parent.address", "relative.name", "relative.phone",
)
PLACES: Mapping[str, tuple[str, ...]] = {
    "notice.v1": _NOTICE, "notice.v2": _NOTICE, "facts.v1": _WHOLE, "facts.v2": tuple(WORDS), "disregard.v1": (),
}
"""The fields for which each renderer that a contract may name has a place, in the order of its record."""


def laid_out_by(renderer: str) -> str:
    """The renderer of a new entry, by the one that its contract names."""
    return INSTEAD.get(renderer, renderer)
