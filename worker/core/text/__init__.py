"""A text as such: its language, its sentences, its signature, markup made plain."""
