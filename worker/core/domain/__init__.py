"""The nouns of the field, as frozen values: documents, reports, incidents, snapshots."""
