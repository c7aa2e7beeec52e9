"""From the outbox to the sink: Kafka, or files when no broker is configured."""
