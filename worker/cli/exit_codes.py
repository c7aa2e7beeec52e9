"""Exit codes of commands, as sysexits(3) names them. 0: done. 2: a wrong command line."""

from __future__ import annotations

EX_DATAERR = 65
"""What was given cannot be read, or names something that is not there."""
EX_NOINPUT = 66
"""There is no such file."""
EX_UNAVAILABLE = 69
"""A service that may come back is away: the broker."""
EX_SOFTWARE = 70
"""Our own fault, or a store that is broken."""
EX_TEMPFAIL = 75
"""Not now: the grace ran out, no room on the disk, a worker that has not answered yet."""
EX_CONFIG = 78
"""Settings, a profile or topics that a person must put right."""
