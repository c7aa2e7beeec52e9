"""A store that was lost, restored or replaced, brought into line with the topics."""
