"""The running process: what it is made of, and the loop that serves whatever is due."""
