"""Whether an article freshly reports an attack here, with its reasons."""
