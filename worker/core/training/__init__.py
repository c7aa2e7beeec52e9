"""New weights for classifying, learnt from labelled lines."""
