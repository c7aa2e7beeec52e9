"""The broker: client, session, ledger, topics, credentials, refusals."""
