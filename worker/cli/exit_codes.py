"""Exit codes of commands, as sysexits(3) names them. 0: done."""

from __future__ import annotations

EX_NO = 1
"""A question was answered with no, or not at all."""
EX_USAGE = 2
"""A wrong command line."""
EX_DATAERR = 65
"""What was given cannot be read, or names something that is not there."""
EX_NOINPUT = 66
"""There is no such file."""
EX_UNAVAILABLE = 69
"""What may come back is away: the broker, a site, the name server."""
EX_SOFTWARE = 70
"""Our own fault, or a store that is broken."""
EX_IOERR = 74
"""What is printed, or a file, cannot be written."""
EX_TEMPFAIL = 75
"""Not now: the grace ran out, no room on the disk, a port in use, a worker that does not answer yet."""
EX_CONFIG = 78
"""Settings, a profile or topics that a person must put right."""
EX_INTERRUPTED = 130
"""Ctrl-C, where nothing is drained."""
