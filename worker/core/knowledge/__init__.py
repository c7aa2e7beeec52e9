"""What the core is given to know: the profile of a city, weights, and the whole as one value."""
