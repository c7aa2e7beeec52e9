"""What comes in from outside, made into entries and documents: pure, and no format knows another."""
