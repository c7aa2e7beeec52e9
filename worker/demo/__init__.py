"""The demonstration: a newsroom on loopback, the real worker, and what consumers see."""
