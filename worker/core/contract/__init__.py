"""Incidents, reports and dead letters as messages for consumers, and their schemas."""
