"""Triggers: named facts about one child, each a small pure function with three answers.

A trigger answers for each of its subjects (the child, a parent): yes, with the country concerned and what made it so;
no; or cannot tell, with the fact that is missing and whose. *Cannot tell* is not *no*: it raises a question, and neither
raises, moves, meets nor withdraws a duty.
"""
from domain.policy.triggers import consular, family, trafficking
from domain.policy.triggers.answers import MEXICO, TRIGGERS, UNITED_STATES, US, Answer, CannotTell, No, Trigger, Yes

__all__ = [
    "MEXICO", "TRIGGERS", "UNITED_STATES", "US", "Answer", "CannotTell", "No", "Trigger", "Yes", "consular", "family",
    "trafficking",
]
