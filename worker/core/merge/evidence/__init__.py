"""What two reports share and where they contradict each other."""
