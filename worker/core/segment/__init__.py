"""Which stretches of an article tell of which attack, and on which day the main one was."""
