"""Every renderer that an entry may name. None is ever changed or removed: old entries must render to their bytes."""
from __future__ import annotations

from collections.abc import Mapping

from domain.disclosure.renderers import disregard_v1, facts_v1, notice_v1, placeholder_v1
from domain.disclosure.rendering import Renderer

RENDERERS: Mapping[str, Renderer] = {
    "notice.v1": notice_v1.render,
    "facts.v1": facts_v1.render,
    "disregard.v1": disregard_v1.render,
    "placeholder.v1": placeholder_v1.render,
}
