"""What was said of the dead and wounded → the figures that are reported."""
