"""What a text mentions: numbers, dates, clock times, places; found and normalised, not chosen."""
