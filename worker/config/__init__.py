"""Settings and knowledge files: found, merged, judged."""
