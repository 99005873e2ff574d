"""What has no case: the agency's packs, calendars and contracts, and its directory of offices."""
