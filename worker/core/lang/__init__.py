"""Languages: normalised characters, and each language's words as data."""
