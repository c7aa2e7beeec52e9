"""What merging costs: reports of busy days and quiet years, settled one after the other."""
