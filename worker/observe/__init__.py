"""Log events and metrics: names, shapes, writing."""
