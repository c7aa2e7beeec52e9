"""Every printed figure of people: its number, whom it counts, who said it."""
