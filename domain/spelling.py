"""Comparing what people wrote. What is stored stays as it was written: these are for comparing alone."""
from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Without case, accents and spare blanks: two spellings of one thing compare equal."""
    apart = unicodedata.normalize("NFKD", text)
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).casefold().split())


def is_broken(text: str) -> bool:
    """Whether signs were lost on the way: a replacement sign, a question mark, or UTF-8 that was read as Latin-1."""
    if "\N{REPLACEMENT CHARACTER}" in text or "?" in text:
        return True
    for wrong in ("latin-1", "cp1252"):
        try:
            return text.encode(wrong).decode("utf-8") != text
        except UnicodeError:
            continue
    return False
