"""What a feed is asked with besides its address: secrets that stand in files of their own.

They are read for each poll, so that a renewed secret needs no restart.
"""

from __future__ import annotations

import base64
from pathlib import Path

from worker.config.schema import FeedConfig


def secret_headers(feed: FeedConfig) -> dict[str, str]:
    """Headers by name, as the feed's files have them now.

    ``auth_file`` holds ``name:password`` (sent as Basic) or a whole Authorization value;
    ``headers_file`` one ``Name: value`` a line. A file that cannot be read is refused at the start;
    one lost later adds nothing: the server will say no, and that is logged.
    """
    headers: dict[str, str] = {}
    for line in _lines(feed.headers_file):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers[name.strip()] = value.strip()
    for line in _lines(feed.auth_file)[:1]:
        basic = ":" in line and " " not in line
        token = f"Basic {base64.b64encode(line.encode()).decode()}" if basic else line
        headers["Authorization"] = token
    return headers


def _lines(path: Path | None) -> list[str]:
    try:
        text = path.read_text("utf-8") if path else ""
    except (OSError, UnicodeDecodeError):
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]
