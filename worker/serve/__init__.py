"""What the worker tells those who ask: health, metrics, status as JSON and as one page."""
