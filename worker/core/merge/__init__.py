"""Which reports tell of one attack, which incident that is, and what it now says."""
