"""The pure core: what a document says and which incident it belongs to. No I/O, no clock, no log."""
