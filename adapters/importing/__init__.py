"""Exports of other systems, taken over row by row: reading, converting, comparing, recording."""
