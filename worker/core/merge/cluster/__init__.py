"""Which reports are one attack: a pure function of the set of reports."""
