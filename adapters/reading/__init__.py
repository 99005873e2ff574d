"""A case in words that a caseworker uses. Opened with the reader's keys; what they do not open is withheld."""
