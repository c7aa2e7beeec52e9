"""What a text mentions: numbers, dates, clock times, places, attack words, groups; found and normalised, not chosen."""
