"""What an incident says now: its slots, figures, links and life, as a new revision if any."""
