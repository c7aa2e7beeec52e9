"""The cities that tests watch, by the folder of each profile.

Unit tests run on Portsmere, an invented city that only tests read. Thus an analyst may change the
shipped profile without breaking one of them; ``test_kabul.py`` holds what must be true of that one.
"""

from __future__ import annotations

from pathlib import Path

PORTSMERE = Path(__file__).parent / "portsmere"
