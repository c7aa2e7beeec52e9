"""What SQLite itself says of a store: known without opening one, so that a command may begin soon."""

from __future__ import annotations

import sqlite3

StoreError = sqlite3.DatabaseError
"""As far as it is nothing of ours: damaged, locked, full."""
