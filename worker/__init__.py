"""kabulwire: news reports of attacks in a city, merged into incidents."""

__version__ = "0.1.0"
