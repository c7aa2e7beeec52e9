"""What each segment says of its attack: one module a slot."""
