"""The file sink: topic files that are their own ledger."""
