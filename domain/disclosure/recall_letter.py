"""The letter by which a person asks an office to disregard, or to erase, what it was told outside of its feed too."""
from __future__ import annotations

from datetime import date as Day

from domain.disclosure.asking import in_words


def recall_letter(
    *, text_code: str, number: int | None, told_on: Day, reference: str, office_name: str, agency_name: str, date: Day
) -> str:
    """Plain text, lines ending in one newline. It tells no fact of any person; what it means is named by the number that
    the office has it under, or by its day."""
    what = f"number {number}" if number is not None else f"of {in_words(told_on)}"
    if text_code == "erase":
        subject, body = "Please erase", (
            f"A court ordered that the record behind our information {what} under this reference be destroyed.",
            "Please erase it and every copy of it, pass nothing of it on, and confirm to us that you did.",
        )
    else:
        subject, body = "Please disregard", (
            f"Our information {what} under this reference should not be relied on.",
            "Please disregard it, keep no copy of it, and pass nothing of it on.",
        )
    return "\n".join([
        agency_name, "", f"To: {office_name}", f"Date: {in_words(date)}", f"Our reference: {reference}", "",
        f"Subject: {subject} our information {what}", "", *body, "This letter brings no other information.", "",
        "Please quote our reference in any answer.", "", agency_name,
    ]) + "\n"
