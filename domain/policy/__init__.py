"""Packs, calendars, clocks and triggers: what the law asks, as data."""
